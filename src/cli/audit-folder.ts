// An exported audit log as a folder of files, in the forms of C2SP where it has one. protocols/audit, section 5.
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { sizeOf } from '../audit/checkpoint.ts'
import {
  type Finding,
  type WrittenLog,
  type WrittenWitness,
  checkWitnesses,
  tileOf
} from '../audit/log-check.ts'
import { verifyLogOpening } from '../audit/opening.ts'
import { printPolicy, quorumOf } from '../audit/quorum.ts'
import type { Leaf } from '../audit/record.ts'
import { parseBundle, parseTilePath, tilePath, tilesOf } from '../audit/tiles.ts'
import { TILE_WIDTH, Tree } from '../audit/tree.ts'
import { fromBase64, toBase64 } from '../wire/base64.ts'
import { EMPTY, fromUtf8, utf8 } from '../wire/bytes.ts'
import { NodeError } from '../wire/node-error.ts'
import { isReject } from '../wire/reject.ts'
import { readBytes } from './files.ts'

/** More than a log of 1,048,576 records of common size, and what one text may hold. */
const FILE_BYTES_MAX = 500 * 1024 * 1024

const RECORD_LINE = z.object({ index: z.int().min(0), salt: z.string(), record: z.string() })
/** As many as sign a note at most. */
const WITNESSES = z
  .array(z.object({ opening: z.string(), certificate: z.string(), identity: z.string() }))
  .max(32)

interface HeaderJson {
  opening: string
  checkpoint: string
  witnesses: { [part in keyof WrittenWitness]: string }[]
  certificate: string
  identity: string
}

const bytes = (base64: string) => fromBase64(base64) ?? EMPTY

function witnessOf({ opening, certificate, identity }: HeaderJson['witnesses'][number]): WrittenWitness {
  return { opening: bytes(opening), certificate: bytes(certificate), identity: bytes(identity) }
}

/** What the node gives as lines of JSON. */
export async function readLines(lines: AsyncIterable<Uint8Array>): Promise<WrittenLog> {
  const parts: Uint8Array[] = []
  for await (const part of lines) parts.push(part)
  const [first = '{}', ...rest] = fromUtf8(new Uint8Array(Buffer.concat(parts)))
    .trimEnd()
    .split('\n')
  const header = JSON.parse(first) as HeaderJson
  return {
    opening: bytes(header.opening),
    checkpoint: utf8(header.checkpoint),
    witnesses: header.witnesses.map(witnessOf),
    certificate: bytes(header.certificate),
    identity: bytes(header.identity),
    leaves: rest.map(line => {
      const { entry, salt, record } = JSON.parse(line) as { entry: string; salt: string; record: string }
      return { entry: bytes(entry), salt: bytes(salt), record: utf8(record) }
    })
  }
}

/** AUD-15. @returns how many records were written */
export async function writeFolder(dir: string, log: WrittenLog, withRecords: boolean): Promise<number> {
  try {
    await mkdir(dir)
  } catch (error) {
    const { message } = error as Error
    throw new NodeError('file-exists', `cannot make ${dir}: ${message}`, 'Choose another name.', error)
  }
  const write = async (path: string, contents: Uint8Array | string) => {
    await mkdir(dirname(join(dir, path)), { recursive: true })
    await writeFile(join(dir, path), contents)
  }
  const entries = log.leaves.map(({ entry }) => entry)
  const tree = Tree.of(entries)
  for (const tile of tilesOf(entries.length)) await write(tilePath(tile), tileOf(tree, entries, tile))
  await write('checkpoint', log.checkpoint)
  await write('opening.json', log.opening)
  const witnesses = log.witnesses.map(({ opening, certificate, identity }) => {
    return { certificate: toBase64(certificate), identity: toBase64(identity), opening: toBase64(opening) }
  })
  await write('witnesses.json', `${JSON.stringify(witnesses)}\n`)
  await write('certificate.json', log.certificate ?? EMPTY)
  await write('identity.jsonl', log.identity ?? EMPTY)
  await write('policy', policyOf(log))
  const records = withRecords ? log.leaves.flatMap(lineOf) : []
  if (withRecords) await write('records.jsonl', records.join(''))
  return records.length
}

function lineOf({ salt, record }: Leaf, index: number): string[] {
  if (record.length === 0) return []
  return [`${JSON.stringify({ index, salt: toBase64(salt), record: fromUtf8(record) })}\n`]
}

function policyOf(log: WrittenLog): string {
  const opening = verifyLogOpening(log.opening)
  if (isReject(opening)) return 'quorum none\n'
  const witnesses = checkWitnesses(log.witnesses, []).map(witness => witness.opening)
  const companies = new Set(witnesses.map(({ company }) => company)).size
  return printPolicy(opening, witnesses, quorumOf(companies))
}

/** Lines that are not as we would write them are findings, like whatever else the check of the log finds. */
export interface ReadLog extends WrittenLog {
  unread: Finding[]
}

/** Of a folder that anybody may have made or touched. Nothing in it says how much is read, but what is there. */
export async function readFolder(dir: string): Promise<ReadLog> {
  const names = new Set(await readdir(dir, { recursive: true }))
  const read = async (name: string) => (names.has(name) ? readBytes(join(dir, name), FILE_BYTES_MAX) : EMPTY)
  const unread: Finding[] = []
  const tiles = new Map<string, Uint8Array>()
  for (const name of names) if (parseTilePath(name)) tiles.set(name, await read(name))
  const checkpoint = await read('checkpoint')
  const leaves = leavesIn(sizeOf(checkpoint), tiles)
  readRecords(fromUtf8(await read('records.jsonl')), leaves, unread)
  return {
    opening: await read('opening.json'),
    checkpoint,
    witnesses: readWitnesses(fromUtf8(await read('witnesses.json')), unread),
    certificate: await read('certificate.json'),
    identity: await read('identity.jsonl'),
    leaves,
    tile: tile => tiles.get(tilePath(tile)),
    unread
  }
}

/** As many as the bundles hold without a gap. */
function leavesIn(size: number, tiles: ReadonlyMap<string, Uint8Array>): Leaf[] {
  const leaves: Leaf[] = []
  for (let from = 0; from < size; from += TILE_WIDTH) {
    const tile = {
      level: 'entries',
      index: from / TILE_WIDTH,
      width: Math.min(TILE_WIDTH, size - from)
    } as const
    const found = parseBundle(tiles.get(tilePath(tile)) ?? EMPTY)
    if (isReject(found) || found.length === 0) break
    for (const entry of found) leaves.push({ entry, salt: EMPTY, record: EMPTY })
  }
  return leaves
}

function readRecords(text: string, leaves: Leaf[], unread: Finding[]): void {
  for (const [i, line] of text.split('\n').entries()) {
    if (line === '') continue
    const found = readJson(line, RECORD_LINE)
    const leaf = found && leaves[found.index]
    if (leaf) leaves[found.index] = { ...leaf, salt: bytes(found.salt), record: utf8(found.record) }
    else {
      const detail = found ? `there is no entry ${found.index}` : 'not an index, a salt and a record'
      unread.push({ code: found ? 'leaf' : 'record-form', where: `records.jsonl line ${i + 1}`, detail })
    }
  }
}

function readWitnesses(text: string, unread: Finding[]): WrittenWitness[] {
  const found = text === '' ? [] : readJson(text, WITNESSES)
  if (!found)
    unread.push({ code: 'opening-form', where: 'witnesses.json', detail: 'not a list of witnesses' })
  return (found ?? []).map(witnessOf)
}

function readJson<T>(text: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data
  } catch {
    return undefined
  }
}
