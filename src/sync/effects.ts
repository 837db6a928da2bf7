// What the core is told and what it asks for. The core decides; the edges send, store, read and apply, and
// tell it when that is done. protocols/sync, section 2.
import type { Clearance } from '../policy/decide.ts'
import type { Client } from '../wire/lane.ts'
import type { CheckedUpdate } from '../replica/checked-update.ts'
import type { Tip } from '../replica/facet.ts'
import type { Envelope, EnvelopeRecord } from '../wire/envelope.ts'
import type { Account } from './quota.ts'
import type { Reject } from '../wire/reject.ts'

/** A connection to one peer, numbered by the edge. */
export type SessionId = number

/** What becomes durable in one batch. */
export type StoreWrite =
  | {
      kind: 'envelope'
      /** Its id, hexadecimal. */
      facet: string
      envelope: Envelope
      own: boolean
    }
  | { kind: 'put'; table: TableName; key: string; bytes: Uint8Array }
  | { kind: 'del'; table: TableName; key: string }

export type TableName =
  | 'identity'
  | 'contact'
  | 'space'
  | 'entry'
  | 'facet'
  | 'applied'
  | 'invite'
  | 'identity-fork'
  | 'reissued'
  | 'quota'
  | 'invited'
  | 'audit-log'
  | 'audit-leaf'
  | 'audit-checkpoint'
  | 'audit-head'
  | 'audit-cosigner'
  | 'audit-held'
  | 'audit-conflict'
  | 'decision'
  | 'ballot'
  | 'scoring'

/** An envelope to read back: the edge finds it by lane, seq and id. */
export interface Wanted {
  client: number
  seq: number
  id: Uint8Array
}

export type Effect =
  /** `clearance`: made by policy for this peer and these bytes, or `greeting` for frames that name nothing. */
  | { do: 'send'; session: SessionId; frame: Uint8Array; clearance: Clearance | 'greeting' }
  | { do: 'close'; session: SessionId; code: string; detail: string; banMs: number }
  /** Write durably, in the order of asking, then answer with `written`: nothing survives what came before it. */
  | { do: 'write'; writes: StoreWrite[]; sync: boolean; token: number }
  | { do: 'read'; facet: Uint8Array; wanted: Wanted[]; token: number }
  | { do: 'apply'; facet: string; client: Client; updates: CheckedUpdate[]; frontier: Tip[] }
  | { do: 'rebuild'; facet: string }
  | { do: 'presence'; facet: string; from: string; bytes: Uint8Array }
  | { do: 'tell'; news: News }

/** What people and logs should hear of. Sentences are made at the edges. */
export type News =
  | { what: 'session-open'; session: SessionId; did: string; peerId: string }
  | { what: 'session-closed'; did: string | undefined; peerId: string }
  | { what: 'refused'; did: string | undefined; peerId: string; reject: Reject; where: string }
  | { what: 'denied'; did: string; rule: string; reason: string; facet: string }
  | { what: 'fork'; facet: string; client: number; seq: number; company: number }
  | { what: 'chain-fork'; space: string; company: number; seq: number }
  /** A company's identity log has grown. */
  | { what: 'identity'; did: string }
  | { what: 'identity-fork'; did: string }
  | { what: 'contact'; did: string }
  | { what: 'space'; space: string }
  | { what: 'facet'; facet: string }
  /** Messages of the decision have become durable here. */
  | { what: 'decision'; space: string; decision: string }
  | { what: 'in-sync'; did: string; facet: string }
  /** We hold all entries of the space that the peer has, and of these facets, all that it may see, exactly the same. */
  | { what: 'same'; did: string; space: string; facets: string[] }
  /** A peer sent what a key of this company wrote and this node did not hold. */
  | { what: 'own-returned'; did: string; facet: string; client: number; envelopes: number }
  | { what: 'receipt'; did: string; facet: string }
  /** A log of another company is not what it was, or does not say: codes of protocols/audit, sections 6 and 7. */
  | { what: 'audit'; code: AuditTrouble; did: string; origin: string; detail: string }
  /** Of this company nothing more is stored today. */
  | { what: 'quota-spent'; did: string; account: Account; until: number }

export type AuditTrouble = 'audit-rewritten' | 'audit-behind' | 'audit-silent' | 'audit-refused'

export type Event =
  | { on: 'session'; session: SessionId; peerId: string; inbound: boolean }
  | { on: 'frame'; session: SessionId; bytes: Uint8Array }
  /** The edge has handed this many bytes of earlier sends to the network. */
  | { on: 'sent'; session: SessionId; bytes: number }
  | { on: 'closed'; session: SessionId }
  | { on: 'written'; token: number }
  | { on: 'read'; token: number; records: (EnvelopeRecord | undefined)[] }
  | { on: 'tick' }
