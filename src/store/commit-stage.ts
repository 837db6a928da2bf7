// Turns operations into one batch of changes, and counts them. protocols/store, section 4.
import { NodeError } from '../wire/node-error.ts'
import type { Lane } from './census.ts'
import { encodeTotal, LOSS_KEY, LOSS_TABLE, OWN_TABLE, ownKey, TOTAL_KEY, type Count } from './census-scan.ts'
import type { Change, Database } from './level-database.ts'
import { PackStage } from './pack-stage.ts'
import * as record from './record.ts'
import type { EnvelopeRecord, Operation } from './store.ts'

export interface StagedCommit {
  changes: Change[]
  /** Per group, why it is not among the changes. */
  refusals: (Error | undefined)[]
  newOwnLane: boolean
}

interface Stage {
  count: Count
  changes: Change[]
  packs: PackStage
  newOwnLane: boolean
  lossesChanged: boolean
}

/** The census counts as if the batch were on disk; when it fails, the caller counts anew. */
export async function stageCommit(
  db: Database,
  count: Count,
  storeId: Uint8Array,
  groups: Operation[][],
  lossesChanged: boolean
): Promise<StagedCommit> {
  const changes: Change[] = []
  const packs = new PackStage(db, count.census, changes)
  const stage: Stage = { count, changes, packs, newOwnLane: false, lossesChanged }
  const refusals: (Error | undefined)[] = []
  for (const operations of groups) {
    const refusal = check(count, operations)
    refusals.push(refusal)
    if (refusal) continue
    for (const operation of operations) {
      const looking = stageOperation(stage, operation)
      if (looking) await looking
    }
  }
  packs.finish()
  if (stage.lossesChanged || packs.lost) stageLosses(stage)
  if (changes.length > 0) {
    count.census.commit++
    const { commit, envelopes } = count.census
    const value = encodeTotal(storeId, commit, envelopes, count.census.tableTotal())
    changes.push({ type: 'put', key: TOTAL_KEY, value })
  }
  return { changes, refusals, newOwnLane: stage.newOwnLane }
}

/** All or none: a group is looked at as a whole before any of it is counted. */
function check({ census }: Count, operations: Operation[]): NodeError | RangeError | undefined {
  const ahead = new Map<Lane, number>()
  for (const operation of operations) {
    const refusal = record.checkOperation(operation)
    if (refusal) return refusal
    if (operation.kind !== 'envelope') continue
    const { facet, client, seq } = operation.record
    if (operation.own && census.readOnly(facet)) {
      const next =
        'Connect to a peer: writing goes on when the lost envelopes are back or peers confirm the loss.'
      return new NodeError('facet-read-only', `own envelopes of facet ${facet} are missing`, next)
    }
    const lane = census.lane(facet, client)
    const expected = ahead.get(lane) ?? lane.next
    if (seq > expected) {
      return new NodeError(
        'lane-order',
        `seq ${seq} of lane ${client} before seq ${expected}`,
        'Report this bug.'
      )
    }
    if (seq === expected) ahead.set(lane, seq + 1)
  }
  return undefined
}

/** @returns a promise only where the database has to be looked into: ten thousand turns of the event loop cost more. */
function stageOperation(stage: Stage, operation: Operation): Promise<void> | undefined {
  if (operation.kind === 'envelope') return stageEnvelope(stage, operation.record, operation.own)
  if (operation.kind === 'put') {
    stagePut(stage, operation.table, operation.key, operation.bytes)
    return undefined
  }
  const key = record.tableKey(operation.table, operation.key)
  stage.count.census.del(operation.table, key.toString('latin1'))
  stage.changes.push({ type: 'del', key })
  return undefined
}

function stageEnvelope(stage: Stage, envelope: EnvelopeRecord, own: boolean): Promise<void> | undefined {
  const { facet, client } = envelope
  const lane = stage.count.census.lane(facet, client)
  stage.lossesChanged ||= lane.gaps.length > 0
  if (own && !lane.own) {
    lane.own = true
    stage.newOwnLane = true
    stagePut(stage, OWN_TABLE, ownKey(facet, client), new Uint8Array(0))
  }
  return stage.packs.add(lane, envelope)
}

function stagePut(stage: Stage, table: string, name: string, bytes: Uint8Array): void {
  const key = record.tableKey(table, name)
  const value = record.seal(key, bytes)
  stage.count.census.put(table, key.toString('latin1'), record.tableMark(value))
  stage.changes.push({ type: 'put', key, value })
}

function stageLosses(stage: Stage): void {
  const { census, losses } = stage.count
  losses.open = census.missing()
  stagePut(stage, LOSS_TABLE, LOSS_KEY, Buffer.from(JSON.stringify(losses)))
}
