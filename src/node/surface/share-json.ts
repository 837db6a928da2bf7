// What is to become part of a wider class, as the local API asks for it and shows it. protocols/artifacts, section
// "Sharing".
import type { DataClass } from '../../wire/data-class.ts'
import type { CompanyJson } from './company-json.ts'

export interface ShareOptions {
  /** Of the part that is made. */
  class: DataClass
  /** Of the part that it is taken from; by default the least wide. */
  from?: DataClass
  /** Where the new part is to be; by default where the other is, or in the only shared space. */
  space?: string
  /** Paths such as `meta.title`, `*` for any id; all, unless given. */
  fields?: string[]
}

export interface ShareApproval extends ShareOptions {
  /** As the preview has it. */
  digest: string
  /** The person who decides. */
  by: string
}

export interface ShareJson {
  artifact: string
  kind: string
  class: DataClass
  from: DataClass
  space: string
  spaceTitle: string
  /** The exact bytes, JCS of the JSON form, as text. */
  content: string
  /** What approves them, 64 hexadecimal digits. */
  digest: string
  /** Where characters are that are not seen, such as `meta.title: U+200B`; at most 100. */
  unseen: string[]
  /** What would stand in the way of sealing it. */
  faults: string[]
  /** The revision in force under which it goes, and whether that covers it. */
  agreement?: {
    revision: string
    title: string
    kinds: string[]
    classes: string[]
    topics: string[]
    covers: boolean
    /** Fields with content that its grid keeps in a narrower class. */
    narrower: string[]
  }
  /** The other parties of the space. */
  parties: ShareReaderJson[]
}

export interface ShareReaderJson {
  company: CompanyJson
  /** Whether policy would let it have the new part as things stand: at once, or once one of its nodes connects. */
  gets: 'now' | 'on-connecting' | 'not-now'
  /** Why not, by which rule of protocols/policy. */
  rule?: string
  reason?: string
}
