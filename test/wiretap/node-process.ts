// A company's node with an editor in it, in a process of its own: the local API for what people command, calls of its
// parent for what they do in an open document.
import { Awareness } from 'y-protocols/awareness'
import * as Y from 'yjs'
import { serveApi } from '../../src/api/server.ts'
import { layoutOf } from '../../src/artifacts/layouts.ts'
import { createNode } from '../../src/node/create-node.ts'
import { openHome } from '../../src/node/home/home.ts'
import type { LocalNode } from '../../src/node/local-node.ts'
import { LibP2PProvider } from '../../src/node/y-libp2p.ts'
import type { LayoutValue } from '../../src/wire/layout.ts'
import { answerCalls } from '../../scripts/bench/calls.ts'
import { keysOf } from '../e2e/homes.ts'

interface Editor {
  doc: Y.Doc
  awareness: Awareness
  provider: LibP2PProvider
  undo: Y.UndoManager
}

let node: LocalNode
let closeApi: () => Promise<void>
const editors = new Map<string, Editor>()
/** Notable lines of the log. */
const logged: string[] = []

function editor(artifact: string): Editor {
  const found = editors.get(artifact)
  if (!found) throw new Error(`no editor for ${artifact} is open`)
  return found
}

export const commands = {
  async open({ home: dir, offline = false }: { home: string; offline?: boolean }) {
    const home = await openHome(dir)
    const log = (level: string, message: string, values?: object) => {
      if (level !== 'debug' && level !== 'info')
        logged.push(`${level} ${message} ${JSON.stringify(values ?? {})}`)
    }
    node = await createNode({ home, keys: await keysOf(home), log, offline })
    const api = await serveApi(node, { home: dir, port: 0 })
    closeApi = api.close
    return { pid: process.pid }
  },

  async close() {
    for (const { provider } of editors.values()) await provider.destroy()
    await closeApi()
    await node.close()
  },

  log: () => logged,

  /** Opens a document in an editor, by its artifact or one of its facets. */
  async edit(artifact: string) {
    const doc = new Y.Doc()
    const awareness = new Awareness(doc)
    const provider = new LibP2PProvider(doc, node, artifact, { awareness })
    await provider.whenSynced
    // The client id is settled now: what is undone is what was written under it.
    const undo = new Y.UndoManager(doc.getText('text'), { captureTimeout: 0 })
    editors.set(artifact, { doc, awareness, provider, undo })
  },

  /** Inserts texts one after another, each as an edit of its own; at the end, or each before the one before it. */
  async type({
    artifact,
    texts,
    backwards = false
  }: {
    artifact: string
    texts: string[]
    backwards?: boolean
  }) {
    const { doc, provider, undo } = editor(artifact)
    const text = doc.getText('text')
    undo.stopCapturing()
    for (const each of texts) {
      text.insert(backwards ? 0 : text.length, each)
      await provider.flush()
    }
  },

  async erase({ artifact, word }: { artifact: string; word: string }) {
    const { doc, provider } = editor(artifact)
    const text = doc.getText('text')
    const at = text.toString().indexOf(word)
    if (at < 0) throw new Error('nothing to erase')
    text.delete(at, word.length)
    await provider.flush()
  },

  async undo(artifact: string) {
    const { provider, undo } = editor(artifact)
    if (!undo.undo()) throw new Error('nothing to undo')
    await provider.flush()
  },

  /** Puts a word from the list into every place that the layout of the kind has. @returns how many it took */
  async fill({ artifact, kind, words }: { artifact: string; kind: string; words: string[] }) {
    const { doc, provider } = editor(artifact)
    const left = [...words]
    const take = () => {
      const word = left.shift()
      if (word === undefined) throw new Error('not enough words')
      return word
    }
    doc.transact(() => {
      for (const [name, root] of Object.entries(layoutOf(kind)?.roots ?? {})) {
        if (root.is === 'text') doc.getText(name).insert(0, take())
        else if (root.is === 'map') fillMap(doc.getMap(name), root, take)
        else doc.getArray<unknown>(name).push([valueOf(root.items, take)])
      }
    })
    await provider.flush()
    return words.length - left.length
  },

  present({ artifact, state }: { artifact: string; state: { [key: string]: unknown } }) {
    editor(artifact).awareness.setLocalState(state)
  },

  presence: (artifact: string) => JSON.stringify([...editor(artifact).awareness.getStates().values()])
}

type Take = () => string

function valueOf(value: LayoutValue, take: Take): unknown {
  if (value === 'string') return take()
  if (value === 'number') return 7
  if (value === 'boolean') return true
  if (value === 'list') return [take()]
  if (value === 'plain') return { [take()]: [take()] }
  if (value.is === 'text') return new Y.Text(take())
  if (value.is === 'array') return Y.Array.from([valueOf(value.items, take) as string])
  const map = new Y.Map<unknown>()
  fillMap(map, value, take)
  return map
}

/** Keys that the layout leaves free are words as well. */
function fillMap(map: Y.Map<unknown>, node: Extract<LayoutValue, { is: 'map' }>, take: Take): void {
  for (const [key, value] of Object.entries(node.keys)) map.set(key, valueOf(value, take))
  if (node.others !== undefined) map.set(take(), valueOf(node.others, take))
}

answerCalls(commands)
