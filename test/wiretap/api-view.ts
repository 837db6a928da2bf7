// What a node shows of a document, as people would read it, for a look at which words are there.
import type { ParleyNode } from '../../src/node/surface/parley-node.ts'
import type { DataClass } from '../../src/wire/data-class.ts'

/** All that the local API tells of an artifact, and what was typed in each lane put together, in both directions. */
export async function showing(api: ParleyNode, artifact: string, dataClass?: DataClass): Promise<string> {
  const found = (await api.artifacts()).find(({ id }) => id === artifact)
  if (!found) return ''
  const lines = await api.log(artifact)
  const lanes = [...Map.groupBy(lines, ({ lane }) => lane).values()]
  const typed = lanes.map(lane => lane.map(({ inserted }) => inserted).join(''))
  const read = await api.read(artifact, dataClass && { class: dataClass })
  return JSON.stringify([found, lines, read, typed, typed.map(text => text.split('').reverse().join(''))])
}
