// Compares what a store holds with what its anchor and its last commit say that it held. What is gone ends up
// in the census; the notes are for people. protocols/store, section 5.
import type { Anchor } from './anchor.ts'
import type { Census } from './census.ts'
import type { Total } from './census-scan.ts'
import { TABLE_NAME } from './store.ts'

export function compareWithAnchor(census: Census, anchor: Anchor): string[] {
  const notes: string[] = []
  for (const { facet, count, own } of anchor.facets) {
    for (const { client, next } of own) {
      const lane = census.lane(facet, client)
      lane.own = true
      if (lane.next >= next) continue
      notes.push(`own lane ${client} of facet ${facet} ends at seq ${lane.next}, the anchor says ${next}`)
      census.lose(facet, client, lane.next, next)
    }
    if (census.facetCount(facet) + census.gapCount(facet) >= count) continue
    notes.push(`facet ${facet} holds ${census.facetCount(facet)} envelopes, the anchor says ${count}`)
    census.loseMore({ kind: 'facet', facet, count })
  }
  if (census.commit < anchor.commit) {
    notes.push(
      `the database is at commit ${census.commit}, the anchor at ${anchor.commit}: an older copy, or cut`
    )
    loseTables(census, changedTables(census, anchor))
  }
  return notes
}

/**
 * What the last commit counted must be what is there: a hole anywhere before it shows here. `known`: entries
 * that were missing at that commit already.
 */
export function compareWithTotal(census: Census, total: Total, known: number, anchor?: Anchor): string[] {
  const notes: string[] = []
  const { envelopes, tables } = total
  if (envelopes.count !== census.envelopes.count || envelopes.sum !== census.envelopes.sum) {
    const lost = envelopes.count - census.envelopes.count
    notes.push(`${census.envelopes.count} envelopes found, the last commit counted ${envelopes.count}`)
    // Gaps and short facets name the place better; this entry stands for what they do not explain.
    if (census.missing().length === known) census.loseMore({ kind: 'envelopes', lost: Math.max(1, lost) })
  }
  const found = census.tableTotal()
  if (tables.count !== found.count || tables.sum !== found.sum) {
    notes.push(
      `${found.count} table records found that do not add up to the ${tables.count} of the last commit`
    )
    const names = anchor ? changedTables(census, anchor) : []
    loseTables(census, names, Math.max(1, tables.count - found.count))
  }
  return notes
}

function changedTables(census: Census, anchor: Anchor): { table: string; lost: number }[] {
  const changed: { table: string; lost: number }[] = []
  for (const { table, count, sum } of anchor.tables) {
    if (!TABLE_NAME.test(table)) continue // the store's own: the lanes and losses that they hold are compared
    const found = census.table(table)
    if (found.count !== count || found.sum !== sum) {
      changed.push({ table, lost: Math.max(1, count - found.count) })
    }
  }
  return changed
}

function loseTables(census: Census, changed: { table: string; lost: number }[], atLeast = 0): void {
  const lost = Math.max(
    atLeast,
    changed.reduce((sum, one) => sum + one.lost, 0)
  )
  if (lost > 0) census.loseMore({ kind: 'tables', tables: changed.map(one => one.table).sort(), lost })
}
