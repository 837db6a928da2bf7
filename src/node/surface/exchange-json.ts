// What companies have given one another, as the local API tells it. protocols/reciprocity.
import type { CompanyJson } from './company-json.ts'

/** Under one rule or more, with every other party of a space. */
export interface ReciprocityJson {
  space: string
  spaceTitle: string
  accounts: AccountJson[]
}

/** With one company, of one kind. */
export interface AccountJson {
  company: CompanyJson
  kind: string
  /** The rule of the agreement in force; without one nothing is held back. */
  rule?: { unit: string; maxExposure: number; soleSender: boolean }
  given: WayJson
  received: WayJson
  /** How many more units we could release to it that would be open at once; below 0, how many wait. */
  exposureLeft?: number
  /** Documents of ours that are under the rule and were not released to it. */
  unreleased: { artifact: string; title: string }[]
  /** Sentences: whose turn it is, and the command for it. Empty: nothing is due. */
  next: string[]
}

export interface WayJson {
  released: number
  /** How many of these may pass. */
  open: number
  /** How many of these the receiver has signed for. */
  settled: number
  units: UnitJson[]
}

export interface UnitJson {
  /** Its name in the space log. */
  unit: string
  open: boolean
  receipted: boolean
  /** Absent where nothing of it is here. */
  artifact?: string
  title?: string
}

export interface StatementJson {
  space: string
  company: CompanyJson
  /** The same bytes at both companies, once both hold the same log (REC-8). */
  text: string
}
