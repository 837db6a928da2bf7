// After a command has changed keys, certificates or the identity log: the node that runs on the home takes it up.
import { isNodeError, NodeError } from '../wire/node-error.ts'
import { type Cli, runningNode } from './cli.ts'
import { inline, plural } from './text.ts'

/**
 * @returns whether a node runs
 * @throws NodeError when a node runs and could not take it up; the change itself stands
 */
export async function refreshNode(cli: Cli): Promise<boolean> {
  try {
    const node = await runningNode(cli)
    if (!node) return false
    const { told, locked, entered, notEntered } = await node.refresh()
    const peers = told > 0 ? `, and has told ${plural(told, 'connected node')}` : ''
    cli.output.note(`The running node has taken it up${peers}.`)
    if (locked.length > 0) cli.output.note(`Locked: ${locked.join(', ')}. To sign with it: parley unlock`)
    for (const space of entered) cli.output.note(`Keys of this node were entered in ${inline(space)}.`)
    for (const { space, why } of notEntered) {
      cli.output.warn(`a key of this node is not entered in ${inline(space)}: ${inline(why)}`)
    }
    return true
  } catch (error) {
    if (!isNodeError(error)) throw error
    const message = `it is done, but the running node has not taken it up: ${error.message}`
    throw new NodeError(
      error.code,
      message,
      `${error.next} Until then, or until it is started again, the old holds.`,
      error
    )
  }
}
