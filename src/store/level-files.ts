// Looks at a LevelDB folder before LevelDB does: opening a damaged one deletes what is left of it, or ends the
// process. protocols/store, section 3; the MANIFEST is that of LevelDB 1.20, version_edit.cc.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Cursor } from './level-cursor.ts'
import { readLog } from './level-log.ts'
import { readTable } from './level-table.ts'

/** What the MANIFEST says should be there. */
export interface LevelVersion {
  /** File number to size in bytes. */
  tables: Map<number, number>
  logNumber: number
}

/** @returns `undefined` when an edit is not well-formed. */
export function readVersion(records: Buffer[]): LevelVersion | undefined {
  const version: LevelVersion = { tables: new Map(), logNumber: 0 }
  try {
    for (const record of records) applyEdit(version, new Cursor(record))
  } catch {
    return undefined
  }
  return version
}

function applyEdit(version: LevelVersion, edit: Cursor): void {
  const deleted: number[] = []
  const added: [number, number][] = []
  while (!edit.done()) {
    const tag = edit.varint()
    if (tag === 1) edit.string()
    else if (tag === 2) version.logNumber = edit.varint()
    else if (tag === 3 || tag === 4 || tag === 9) edit.varint()
    else if (tag >= 5 && tag <= 7) {
      edit.varint() // the level
      if (tag === 5) edit.string()
      else if (tag === 6) deleted.push(edit.varint())
      else {
        added.push([edit.varint(), edit.varint()])
        edit.string()
        edit.string()
      }
    } else throw new RangeError(`tag ${tag}`)
  }
  // A file that moves to another level is deleted and added by one edit.
  for (const number of deleted) version.tables.delete(number)
  for (const [number, bytes] of added) version.tables.set(number, bytes)
}

export interface Inspection {
  /** No database: nothing that holds a record. */
  absent: boolean
  /** Why LevelDB must not open this folder. */
  damage: string[]
  /** Bytes behind the last whole record of a log: normal after a power cut, damage after a clean stop. */
  tornBytes: number
}

/** Reads CURRENT, the MANIFEST and the logs, and compares the tables' sizes. Changes nothing. */
export function inspectLevelFolder(dir: string): Inspection {
  const names = existsSync(dir) ? readdirSync(dir) : []
  const logs = names.filter(name => /^\d+\.log$/.test(name))
  const tables = names.filter(name => /^\d+\.(?:ldb|sst)$/.test(name))
  const inspection: Inspection = { absent: logs.length + tables.length === 0, damage: [], tornBytes: 0 }
  if (!names.includes('CURRENT')) {
    if (!inspection.absent) inspection.damage.push('CURRENT is missing')
    return inspection
  }
  inspection.absent = false
  const manifest = readFileSync(join(dir, 'CURRENT'), 'latin1').trimEnd()
  if (!/^MANIFEST-\d+$/.test(manifest) || !names.includes(manifest)) {
    inspection.damage.push('CURRENT names no MANIFEST that is here')
    return inspection
  }
  const reading = readLog(readFileSync(join(dir, manifest)))
  const version = reading.damagedAt.length === 0 && readVersion(reading.records)
  if (!version) {
    inspection.damage.push(`${manifest} is damaged`)
    return inspection
  }
  // A torn end alone is an edit that a power cut interrupted: what it would have replaced is still there.
  inspectFiles(dir, new Set(names), version, inspection)
  for (const log of logs) if (parseInt(log) >= version.logNumber) inspectLog(dir, log, inspection)
  return inspection
}

function inspectFiles(dir: string, names: Set<string>, version: LevelVersion, inspection: Inspection): void {
  for (const [number, bytes] of version.tables) {
    const stem = String(number).padStart(6, '0')
    const name = names.has(`${stem}.sst`) ? `${stem}.sst` : `${stem}.ldb`
    if (!names.has(name)) inspection.damage.push(`${name} is missing`)
    else if (statSync(join(dir, name)).size !== bytes)
      inspection.damage.push(`${name} is not ${bytes} bytes long`)
    else
      inspection.damage.push(
        ...readTable(readFileSync(join(dir, name))).damage.map(what => `${name}: ${what}`)
      )
  }
  // A flush writes its table into the MANIFEST together with the next log's number; a MANIFEST that names an
  // older log was cut, and LevelDB would delete the table that it no longer knows.
  const log = `${String(version.logNumber).padStart(6, '0')}.log`
  if (version.logNumber > 0 && !names.has(log)) inspection.damage.push(`${log} is missing`)
}

function inspectLog(dir: string, name: string, inspection: Inspection): void {
  // LevelDB would drop, without a word, what is whole behind the damage.
  const reading = readLog(readFileSync(join(dir, name)), 'beyond damage')
  for (const at of reading.damagedAt) inspection.damage.push(`${name} is damaged at byte ${at}`)
  inspection.tornBytes += reading.tornBytes
}
