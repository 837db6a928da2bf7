// A folder with an exported log, as somebody else may have left it.
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkLog } from '../../src/audit/log-check.ts'
import { readFolder, writeFolder } from '../../src/cli/audit-folder.ts'
import { toBase64 } from '../../src/wire/base64.ts'
import { access, opened, testLog } from '../audit/company.ts'

let base: string
let dir: string

beforeEach(async () => {
  base = mkdtempSync(join(tmpdir(), 'parley-audit-folder-'))
  dir = join(base, 'exported')
  const { openingBytes, write } = testLog(1, 2)
  const { leaves, note } = write(opened(), ...Array.from({ length: 300 }, (_, at) => access(at + 2)))
  await writeFolder(dir, { opening: openingBytes, checkpoint: note, witnesses: [], leaves }, true)
})
afterEach(() => rmSync(base, { recursive: true }))

it('[AUD-16] an untouched folder is read as it was written', async () => {
  const log = await readFolder(dir)
  expect(log.unread).toEqual([])
  expect(checkLog(log)).toMatchObject({ erased: 0, findings: [] })
})

it('[AUD-16] a checkpoint of more entries than are there costs no more than what is there', async () => {
  const root = toBase64(new Uint8Array(32))
  const line = `— x ${toBase64(new Uint8Array(68))}`
  for (const size of [2 ** 40, Number.MAX_SAFE_INTEGER]) {
    writeFileSync(join(dir, 'checkpoint'), `x\n${size}\n${root}\n\n${line}\n`)
    const log = await readFolder(dir)
    // The second bundle is partial, and no tree of this size has it.
    expect(log.leaves.length).toBe(256)
    expect(checkLog(log).findings).toMatchObject([{ code: 'note-unsigned' }])
  }
})

it('[AUD-16] lines that nobody would have written are told, and the rest is checked', async () => {
  const line = (index: unknown) => `${JSON.stringify({ index, salt: '', record: '' })}\n`
  appendFileSync(join(dir, 'records.jsonl'), `{"index":\n[]\n${line('1')}${line(301)}`)
  writeFileSync(join(dir, 'witnesses.json'), '{"opening":1')
  const log = await readFolder(dir)
  expect(log.unread.map(({ code, where }) => `${code} ${where}`)).toEqual([
    'record-form records.jsonl line 302',
    'record-form records.jsonl line 303',
    'record-form records.jsonl line 304',
    'leaf records.jsonl line 305',
    'opening-form witnesses.json'
  ])
  expect(checkLog(log)).toMatchObject({ erased: 0, findings: [] })
  for (const other of ['null', '[1]', JSON.stringify([{ opening: 'x' }])]) {
    writeFileSync(join(dir, 'witnesses.json'), other)
    expect((await readFolder(dir)).unread.at(-1)).toMatchObject({ code: 'opening-form' })
  }
})
