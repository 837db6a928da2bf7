// Checks of the decision protocol, taken out one at a time.
import type { Removal } from '../../sim/plant.ts'

export const MUTANTS: readonly Removal[] = [
  {
    name: 'what is carried need not be said (DEC-15)',
    file: 'decision/rounds.ts',
    find: 'const values = carried === undefined ? locks : [carried.value]',
    put: 'const values = locks'
  },
  {
    name: 'a lock need not be kept (DEC-16)',
    file: 'decision/rounds.ts',
    find: 'const values = carried === undefined ? locks : [carried.value]',
    put: 'const values = carried === undefined ? [] : [carried.value]'
  },
  {
    name: 'what the round before named may be left out (DEC-17)',
    file: 'decision/rounds.ts',
    find: 'if (isFree && !step.union.every',
    put: 'if (false && isFree && !step.union.every'
  },
  {
    name: 'a statement may rest on too little (DEC-13)',
    file: 'decision/rounds.ts',
    find: 'if (carried === undefined && weigh(this.#matter, because) < this.#matter.quorum)',
    put: 'if (false)'
  },
  {
    name: 'the close quorum is one lower (DEC-3)',
    file: 'decision/policy.ts',
    find: 'Math.floor((total + faulty) / 2) + 1, total',
    put: 'Math.floor((total + faulty) / 2), total'
  },
  {
    name: 'the close quorum does not look at the threshold (DEC-3)',
    file: 'decision/policy.ts',
    find: ', total + faulty + 1 - threshold)',
    put: ')'
  },
  {
    name: 'a value is final without locks (DEC-18)',
    file: 'decision/rounds.ts',
    find: '.filter(statement => statement.locked)',
    put: ''
  },
  {
    name: 'any holder closes (DEC-7)',
    file: 'decision/decision.ts',
    find: 'this.initiation.voices[this.electorOf(payload) as number] === payload.key',
    put: 'payload.key !== ""'
  },
  {
    name: 'of two ballots of one key the first counts (DEC-20)',
    file: 'decision/ballot.ts',
    find: 'if (opened.length <= 1) return first',
    put: 'if (first) return first'
  },
  {
    name: 'what a statement names is refused beyond the limit (DEC-30)',
    file: 'decision/decision.ts',
    find: 'if (this.#wanted.has(message.id)) return true',
    put: ''
  },
  {
    name: 'nobody says once more what became final (DEC-30)',
    file: 'decision/elector.ts',
    find: 'const words = [...echoes(decision, voice), ...reveals(decision, voice)]',
    put: 'const words = reveals(decision, voice)'
  },
  {
    name: 'what was taken before a restart is judged by the limits anew (DEC-29)',
    file: 'decision/decision.ts',
    find: 'if (!isKept && !this.#hasRoom(message))',
    put: 'if (!this.#hasRoom(message))'
  },
  {
    name: 'a word that waits for others is not known as said (DEC-29)',
    file: 'decision/decision.ts',
    find: '[...this.messages.values(), ...this.#waiting.values()]\n    return held',
    put: '[...this.messages.values()]\n    return held'
  },
  {
    name: 'a round never goes on without all (DEC-13)',
    file: 'decision/elector.ts',
    find: '? now\n        : since(',
    put: '? now\n        : Infinity + since('
  }
]
