// The desk of the page: files that are dropped or picked, the worker that checks them, and what it found.
import { sha256 } from '../wire/hash.ts'
import { toHex, utf8 } from '../wire/bytes.ts'
import { proofParts } from './company-view.ts'
import { decisionParts } from './decision-view.ts'
import { foreign, html } from './elements.ts'
import { type Finding, type Question, findingOf, sizeRefused } from './finding.ts'
import { verdictBanner } from './verdict.ts'

/** A did a line: two thousand companies of the longest. */
const TRUST_BYTES_MAX = 1024 * 1024
/** With what a trust file begins: a remark, a did, or white space before one. */
const TRUST_START = '#d \t\r\n'

interface Desk {
  /** How often files were given: what was begun in an earlier turn is not shown any more. */
  turn: number
  /** The text of the page's one script. */
  script: string
  /** Where workers find it. */
  address?: string
  /** Of the document that is checked, and where it came from. */
  file?: { name: string; bytes: Uint8Array }
  trust?: { name: string; text: string }
  worker?: Worker | undefined
}

export function start(): void {
  const desk: Desk = { turn: 0, script: document.currentScript?.textContent ?? '' }
  byId('digest').textContent = toHex(sha256(utf8(desk.script)))
  for (const id of ['file', 'trust'] as const) {
    const input = byId(id) as HTMLInputElement
    input.addEventListener('change', () => {
      void take(desk, [...(input.files ?? [])], id)
      // The same file may be picked again, changed.
      input.value = ''
    })
  }
  byId('forget').addEventListener('click', () => {
    delete desk.trust
    desk.turn++
    check(desk)
  })
  addEventListener('dragover', event => event.preventDefault())
  addEventListener('drop', event => {
    event.preventDefault()
    void take(desk, [...(event.dataTransfer?.files ?? [])])
  })
}

/** @param as what the reader says that they are; of files that are dropped, their beginning does */
async function take(desk: Desk, files: File[], as?: 'file' | 'trust'): Promise<void> {
  const turn = ++desk.turn
  for (const file of files) {
    wait(desk, file.name)
    const taken = await read(file, as)
    // A later file has taken its place.
    if (turn !== desk.turn) return
    if ('is' in taken) {
      // Trust that cannot be read says nothing about the file.
      if (taken.is !== 'trust-refused') delete desk.file
      return show(desk, taken)
    }
    Object.assign(desk, taken)
  }
  check(desk)
}

type Taken = Required<Pick<Desk, 'file'>> | Required<Pick<Desk, 'trust'>> | Finding

async function read(file: File, as: 'file' | 'trust' | undefined): Promise<Taken> {
  const { name, size } = file
  try {
    const start = await file.slice(0, 1).text()
    const isTrust = as === undefined ? start !== '' && TRUST_START.includes(start) : as === 'trust'
    if (isTrust) return await readTrust(file)
    return sizeRefused(size) ?? { file: { name, bytes: new Uint8Array(await file.arrayBuffer()) } }
  } catch {
    return { is: 'unread', name }
  }
}

async function readTrust(file: File): Promise<Taken> {
  const no = (says: string): Finding => ({ is: 'trust-refused', says: `${file.name}: ${says}` })
  if (file.size > TRUST_BYTES_MAX) return no(`larger than ${TRUST_BYTES_MAX} bytes`)
  const bytes = await file.arrayBuffer()
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return { trust: { name: file.name, text } }
  } catch {
    return no('not text in UTF-8')
  }
}

function wait(desk: Desk, name: string): void {
  showNames(desk)
  desk.worker?.terminate()
  desk.worker = undefined
  place(
    html('p', { class: 'quiet' }, 'Checking ', foreign(name), ' ...'),
    html('progress', { 'aria-label': 'checking' })
  )
}

/** Each file in a worker of its own, which a later file ends: however long it takes, the page answers. */
function check(desk: Desk): void {
  const { file, trust } = desk
  showNames(desk)
  if (!file) return place()
  wait(desk, file.name)
  const question: Question = { bytes: file.bytes, trust: trust?.text ?? '' }
  const here = () => setTimeout(() => checkHere(desk, question))
  try {
    desk.address ??= workerAddress(desk.script)
    const worker = new Worker(desk.address)
    worker.addEventListener('message', ({ data }: MessageEvent<Finding>) => show(desk, data))
    // A browser that starts no worker from a file checks in the page, which stands still meanwhile.
    worker.addEventListener('error', event => {
      event.preventDefault()
      if (desk.worker === worker) here()
    })
    worker.postMessage(question)
    desk.worker = worker
  } catch {
    here()
  }
}

/** The page's policy forbids scripts by address, but for this one, which is its own text. */
function workerAddress(script: string): string {
  const address = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }))
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypes }
  const policy = trustedTypes?.createPolicy('parley-worker', { createScriptURL: text => text })
  return (policy?.createScriptURL(address) ?? address) as string
}

/** What TypeScript does not know of browsers yet. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(text: string): string }
  ): { createScriptURL(text: string): unknown }
}

function checkHere(desk: Desk, question: Question): void {
  try {
    show(desk, findingOf(question))
  } catch (error) {
    show(desk, { is: 'failed', detail: String(error) })
  }
}

function show(desk: Desk, finding: Finding): void {
  desk.worker?.terminate()
  desk.worker = undefined
  showNames(desk)
  place(verdictBanner(finding))
  byId('result').replaceChildren(...partsOf(finding))
}

/** In the place of the verdict, which a screen reader reads out; what followed from another goes. */
function place(...children: HTMLElement[]): void {
  byId('verdict').replaceChildren(...children)
  byId('result').replaceChildren()
}

function partsOf(finding: Finding): HTMLElement[] {
  if (finding.is === 'decision') return decisionParts(finding)
  return finding.is === 'proof' ? proofParts(finding) : []
}

function showNames({ file, trust }: Desk): void {
  byId('file-name').replaceChildren(file ? foreign(file.name) : 'none yet')
  byId('trust-name').replaceChildren(trust ? foreign(trust.name) : 'none yet')
  byId('forget').hidden = trust === undefined
}

function byId(id: string): HTMLElement {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no ${id}`)
  return found
}
