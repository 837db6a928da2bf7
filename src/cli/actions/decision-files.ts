// What a decision leaves behind as files that stand for themselves: certificates, proofs, released standards.
import { join } from 'node:path'
import { utf8 } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, withNode } from '../cli.ts'
import { writeNew } from '../files.ts'
import { shortId } from '../find.ts'
import { table } from '../text.ts'
import { give } from './sealed.ts'

export async function certificate(cli: Cli, id: string, { output }: { output?: string }): Promise<void> {
  await withNode(cli, async node => {
    const { id: whole } = await node.decision(id)
    const path = output ?? `${shortId(whole)}.decision.json`
    await give(cli, node.decisionCertificate(whole), path)
  })
}

/** What convicts those who said two things, each in a file that verifies alone. */
export async function proofs(cli: Cli, id: string, { output }: { output?: string }): Promise<void> {
  await withNode(cli, async node => {
    const { id: whole } = await node.decision(id)
    const found = await node.decisionProofs(whole)
    const files: string[] = []
    for (const [i, { proof }] of output === undefined ? [] : found.entries()) {
      const path = join(output as string, `${shortId(whole)}.${i + 1}.proof.json`)
      await writeNew(path, [utf8(proof)])
      files.push(path)
    }
    const shown = found.map(({ company, role, kind }, i) => ({ company, role, kind, file: files[i] }))
    cli.output.answers(shown, () =>
      table(
        ['company', 'role', 'said twice', 'file'],
        shown.map(({ company, role, kind, file = '-' }) => [company, role, kind, file])
      )
    )
    if (found.length === 0) cli.output.note('Nobody has said two things that this node knows of.')
    else if (output === undefined) cli.output.note(`Next: parley decision proofs ${shortId(whole)} -o FOLDER`)
    else cli.output.note(`Next: parley verify ${files[0]}`)
  })
}

/** The version that was approved, whatever was written since, as a sealed file that the electors sign. DEC-33 */
export async function release(cli: Cli, id: string, { output }: { output?: string }): Promise<void> {
  await withNode(cli, async node => {
    const { id: whole, subject, electors } = await node.decision(id)
    if (subject?.release === undefined)
      throw new NodeError(
        'release-none',
        'the decision is not about a version of a standard',
        `What it is about: parley decision show ${shortId(whole)}`
      )
    const own = (await node.status()).company.did
    const others = [...new Set(electors.map(({ company }) => company.did))].filter(did => did !== own)
    const path = output ?? `${shortId(whole)}.release.json`
    const sealed = node.seal(subject.artifact, { with: others, decision: whole })
    await give(
      cli,
      sealed,
      path,
      `Next, at each of the others, one after the other: \`parley countersign ${path}\``
    )
  })
}
