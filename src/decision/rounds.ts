// The rounds by which commitments are closed and ballots settled: statements that name those of the round before,
// and locks that let no two values become final. protocols/decision, section 5.
import { Reject } from '../wire/reject.ts'

/** Messages of one elector that a set names at most: two are enough to show that it has said two things. */
export const NAMED_MAX = 2

export interface Statement {
  id: string
  /** Index in the policy. */
  elector: number
  key: string
  round: number
  /** Ids, ascending. */
  set: readonly string[]
  because: readonly string[]
}

/** What the rounds are about. */
export interface Matter {
  /** Weight of each elector. */
  weights: readonly number[]
  /** `Q` */
  quorum: number
  /** The elector of what may be named; nothing for what is not here or may not be named. */
  electorOf(id: string): number | undefined
  /** What a reveal opens: of two that open the same, a set names one. */
  sealOf(id: string): string | undefined
  /** An option that these approve, or the set itself. */
  valueOf(set: readonly string[]): string
  /** Of a value that few may carry, the electors that may, and the weight that they need. */
  carriersOf(
    value: string,
    set: readonly string[]
  ): { electors: ReadonlySet<number>; weight: number } | undefined
}

export interface Judged extends Statement {
  value: string
  /** It names statements that carry its value. */
  locked: boolean
}

export interface Final {
  value: string
  round: number
  /** What is named by those that make it final, and by those that these name to carry it. */
  set: string[]
  /** One of each elector that carries it, locked. */
  statements: Judged[]
}

/** The value of a set that stands for itself. */
export function setValue(set: readonly string[]): string {
  return `set:${set.join(',')}`
}

export class Rounds {
  readonly #matter: Matter
  readonly #byId = new Map<string, Judged>()
  readonly #byRound: Judged[][] = []

  constructor(matter: Matter) {
    this.#matter = matter
  }

  get(id: string): Judged | undefined {
    return this.#byId.get(id)
  }

  /** Statements of a round, in the order of their ids. */
  of(round: number): readonly Judged[] {
    return this.#byRound[round] ?? []
  }

  get count(): number {
    return this.#byRound.length
  }

  /** Whether all that a statement names is here. */
  holds({ set, because }: Pick<Statement, 'set' | 'because'>): boolean {
    return (
      set.every(name => this.#matter.electorOf(name) !== undefined) &&
      because.every(name => this.#byId.has(name))
    )
  }

  /** @returns whether it was taken; `waits` while something that it names is not here */
  add(statement: Statement): 'added' | 'waits' | Reject {
    const { id, round, because } = statement
    if (this.#byId.has(id)) return 'added'
    if (!this.holds(statement)) return 'waits'
    const judged = this.#judge(
      statement,
      because.map(name => this.#byId.get(name) as Judged)
    )
    if (judged instanceof Reject) return judged
    this.#byId.set(id, judged)
    const peers = (this.#byRound[round] ??= [])
    peers.push(judged)
    peers.sort((a, b) => (a.id < b.id ? -1 : 1))
    return 'added'
  }

  #judge(statement: Statement, because: Judged[]): Judged | Reject {
    const { round, set } = statement
    if (!isAscending(set) || !isAscending(statement.because))
      return bad('round-set', 'names are not in order')
    if (this.#reduce(set).length < set.length)
      return bad('round-set', 'more than two of one elector, or two that open the same')
    const value = this.#matter.valueOf(set)
    if (round === 0)
      return because.length === 0
        ? { ...statement, value, locked: false }
        : bad('round-because', 'the first round has none before it')
    const step = this.#step(round, because)
    if (step instanceof Reject) return step
    if (step.values && !step.values.has(value)) return bad('round-lock', 'another value is locked')
    const isFree = !step.values || !value.startsWith('set:')
    if (isFree && !step.union.every(name => set.includes(name)))
      return bad('round-set', 'leaves out what the round before named')
    return { ...statement, value, locked: step.carried }
  }

  /** What statements of one round let the next one say. DEC-13, DEC-15 to DEC-17. */
  #step(round: number, because: readonly Judged[]): Step | Reject {
    const electors = new Set(because.map(({ elector }) => elector))
    if (electors.size < because.length || because.some(named => named.round !== round - 1))
      return bad('round-because', 'names two of one elector, or another round')
    const carried = carriedBy(this.#matter, because)
    if (carried === undefined && weigh(this.#matter, because) < this.#matter.quorum)
      return bad('round-because', 'what it names has too little weight')
    const locks = because.filter(({ locked }) => locked).map(({ value }) => value)
    const values = carried === undefined ? locks : [carried.value]
    return {
      carried: carried !== undefined,
      values: values.length > 0 ? new Set(values) : undefined,
      union: this.#unionOf(because)
    }
  }

  #unionOf(statements: readonly Judged[]): string[] {
    return this.#reduce(unionOf(statements))
  }

  /** Of each elector the first two of these, and of those that open one seal the first: no ballot is pushed out. */
  #reduce(names: readonly string[]): string[] {
    const kept = new Map<number, string[]>()
    return names.filter(name => {
      const elector = this.#matter.electorOf(name) as number
      const seal = this.#matter.sealOf(name) ?? name
      const seals = kept.get(elector) ?? []
      if (seals.length === NAMED_MAX || seals.includes(seal)) return false
      kept.set(elector, [...seals, seal])
      return true
    })
  }

  /** What is final, and by whom: of each elector one statement. DEC-18 */
  final(): Final | undefined {
    for (const round of this.#byRound.keys()) {
      const carried = carriedBy(
        this.#matter,
        this.of(round).filter(statement => statement.locked)
      )
      if (!carried) continue
      const { value, by } = carried
      const evidence = [...by, ...by.flatMap(statement => this.carriersFor(statement))]
      return { value, round, set: unionOf(evidence), statements: by }
    }
    return undefined
  }

  /** The statements that carry the value on which this one is locked. */
  carriersFor({ because }: Judged): Judged[] {
    const named = because.map(id => this.#byId.get(id) as Judged)
    return carriedBy(this.#matter, named)?.by ?? []
  }

  /**
   * What an honest elector says next, if it can: `known` in round 0; later what the round before asks for, and what
   * it knows beside that.
   */
  next(round: number, known: readonly string[]): { set: string[]; because: string[] } | undefined {
    if (round === 0) return { set: this.#reduce(known.toSorted()), because: [] }
    const because = this.#gathered(round - 1)
    const step = this.#step(round, because)
    if (step instanceof Reject) return undefined
    const ids = because.map(({ id }) => id).sort()
    const [value] = step.values ?? []
    const like = because.find(statement => statement.value === value)
    if (like && value?.startsWith('set:')) return { set: [...like.set], because: ids }
    return { set: this.#fill(step.union, known), because: ids }
  }

  /** One statement of each elector, those first that carry a value. */
  #gathered(round: number): Judged[] {
    const carriers = carriedBy(this.#matter, this.of(round))?.by ?? []
    const spoken = new Set(carriers.map(({ elector }) => elector))
    return [...carriers, ...oneOfEach(this.of(round)).filter(({ elector }) => !spoken.has(elector))]
  }

  /** Adds what is known to what must be named, as far as there is room. */
  #fill(named: readonly string[], known: readonly string[]): string[] {
    return this.#reduce([...named, ...known.toSorted()]).sort()
  }

  /** Whether nobody is left to wait for in a round, or its statements carry a value. */
  isComplete(round: number): boolean {
    const statements = this.of(round)
    return (
      oneOfEach(statements).length === this.#matter.weights.length ||
      carriedBy(this.#matter, statements) !== undefined
    )
  }
}

type Spoken = Pick<Judged, 'id' | 'elector' | 'set' | 'value' | 'locked'>

/** The value that some of these carry, an option before a set, and who carries it. DEC-13 */
export function carriedBy<S extends Spoken>(
  matter: Pick<Matter, 'weights' | 'quorum' | 'carriersOf'>,
  statements: readonly S[]
): { value: string; by: S[] } | undefined {
  const groups = Map.groupBy(statements, ({ value }) => value)
  const carried = [...groups].flatMap(([value, group]) => {
    const by = carriersOf(matter, value, oneOfEach(group))
    return by ? [{ value, by }] : []
  })
  return carried.find(({ value }) => !value.startsWith('set:')) ?? carried[0]
}

function carriersOf<S extends Spoken>(
  matter: Pick<Matter, 'weights' | 'quorum' | 'carriersOf'>,
  value: string,
  group: S[]
): S[] | undefined {
  if (weigh(matter, group) >= matter.quorum) return group
  for (let by = group; ;) {
    const few = matter.carriersOf(value, unionOf(by))
    const left = by.filter(({ elector }) => few?.electors.has(elector))
    if (!few || weigh(matter, left) < few.weight) return undefined
    // A ballot that only others name would not be in a certificate that holds the words of these alone.
    if (left.length === by.length) return left
    by = left
  }
}

/** @param statements one of each elector */
function weigh({ weights }: Pick<Matter, 'weights'>, statements: readonly Spoken[]): number {
  return statements.reduce((sum, { elector }) => sum + (weights[elector] ?? 0), 0)
}

interface Step {
  carried: boolean
  /** The values of which one must be said; absent where any may. */
  values: ReadonlySet<string> | undefined
  union: string[]
}

/** Of each elector the statement with the smallest id, those that are locked first. */
function oneOfEach<S extends Spoken>(statements: readonly S[]): S[] {
  const chosen = new Map<number, S>()
  for (const statement of statements) {
    const before = chosen.get(statement.elector)
    if (!before || (statement.locked && !before.locked)) chosen.set(statement.elector, statement)
  }
  return [...chosen.values()]
}

function unionOf(statements: readonly Pick<Judged, 'set'>[]): string[] {
  return [...new Set(statements.flatMap(({ set }) => set))].sort()
}

export function isAscending(names: readonly (string | number)[]): boolean {
  return names.every((name, i) => i === 0 || name > (names[i - 1] as typeof name))
}

/** Nobody's fault who passes it on: whether a statement is right shows only where what it names is. */
function bad(code: string, detail: string): Reject {
  return new Reject(code, detail, false)
}
