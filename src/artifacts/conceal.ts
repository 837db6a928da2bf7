// The JSON form of an artifact, taken apart so that each field can be shown without the others.
// protocols/documents, section 4.
import {
  DIGESTS,
  type Disclosure,
  ELEMENT,
  digestOf,
  makeDisclosure,
  toBase64url
} from '../wire/disclosure.ts'
import type { JcsValue } from '../wire/jcs.ts'
import { type Layout, type LayoutNode, type LayoutValue, valueUnder } from '../wire/layout.ts'
import type { FormJson } from './form.ts'
import { type ArtifactKind, layoutOf } from './layouts.ts'

/** From a CSPRNG: whoever can guess a salt can try out short values. */
export type Random = (bytes: number) => Uint8Array

/** The least that RFC 9901 and DOC-14 ask for; 2^128 tries for one field. */
const SALT_BYTES = 16
/** So that a list of three looks like an empty one. */
const DIGESTS_MIN = 4

export interface Concealed {
  value: JcsValue
  /** Everything that `value` conceals, at any depth. */
  disclosures: Disclosure[]
}

/** @param form without faults; whoever seals has looked */
export function concealForm(kind: ArtifactKind, form: FormJson, random: Random): Concealed {
  const { roots } = layoutOf(kind) as Layout
  const concealing = new Concealing(random)
  const value = concealing.value({ is: 'map', keys: roots }, form)
  return { value, disclosures: concealing.disclosures }
}

/** One member that is shown whole or not at all. */
export function concealMember(name: string, value: JcsValue, random: Random): Concealed {
  const disclosure = makeDisclosure(random(SALT_BYTES), value, name)
  return { value: { [DIGESTS]: [disclosure.digest] }, disclosures: [disclosure] }
}

class Concealing {
  readonly disclosures: Disclosure[] = []
  readonly #random: Random

  constructor(random: Random) {
    this.#random = random
  }

  /** What stands in place of a value: digests where the layout has parts, else the value itself. DOC-16. */
  value(layout: LayoutValue, json: JcsValue): JcsValue {
    if (typeof layout === 'string' || layout.is === 'text') return json
    return layout.is === 'map'
      ? this.#map(layout, json as { [key: string]: JcsValue })
      : this.#array(layout, json as JcsValue[])
  }

  #map(layout: LayoutNode & { is: 'map' }, json: { [key: string]: JcsValue }): JcsValue {
    const digests = Object.entries(json).map(([key, item]) =>
      this.#hide(this.value(valueUnder(layout, key) as LayoutValue, item), key)
    )
    const wanted = layout.others ? roundUp(digests.length) : Object.keys(layout.keys).length
    while (digests.length < wanted) digests.push(this.#decoy())
    return { [DIGESTS]: digests.sort() }
  }

  /** Decoys at random places: at the end they would tell how many there are. */
  #array(layout: LayoutNode & { is: 'array' }, json: JcsValue[]): JcsValue {
    const digests = json.map(item => this.#hide(this.value(layout.items, item)))
    const real = Array.from({ length: roundUp(digests.length) }, (_, i) => i < digests.length)
    this.#shuffle(real)
    let next = 0
    return real.map(isReal => ({ [ELEMENT]: isReal ? (digests[next++] as string) : this.#decoy() }))
  }

  #hide(value: JcsValue, name?: string): string {
    const disclosure = makeDisclosure(this.#random(SALT_BYTES), value, name)
    this.disclosures.push(disclosure)
    return disclosure.digest
  }

  /** A digest of nothing that anybody could ever show. */
  #decoy(): string {
    return digestOf(toBase64url(this.#random(32)))
  }

  #shuffle(flags: boolean[]): void {
    for (let i = flags.length - 1; i > 0; i--) {
      const bytes = this.#random(4)
      const j = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0) % (i + 1)
      const flag = flags[i] as boolean
      flags[i] = flags[j] as boolean
      flags[j] = flag
    }
  }
}

/** DOC-18. */
function roundUp(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(count, DIGESTS_MIN)))
}
