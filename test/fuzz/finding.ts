// What a fuzz run reports: what went wrong, and where from the seed it comes.

export type Wrong =
  /** Something was thrown out of the ingest. */
  | 'threw'
  /** One input took longer than 250 ms. */
  | 'slow'
  /** A document no longer emits, stores, replicates or survives its owner's edits. */
  | 'bricked'
  /** Two decisions about one update differ. */
  | 'disagreed'
  /** An honest peer or an honest edit was refused. */
  | 'refused'
  /** Replicas that hold the same differ. */
  | 'diverged'

export interface Finding {
  run: 'hostile' | 'honest'
  seed: number
  /** Worlds and rooms are numbered from 0; each follows from the seed and its number alone. */
  world: number
  what: Wrong
  detail: string
  /** The n-th input of its world, and its bytes. */
  input?: { at: number; kind: string; bytes: string }
}

export function replayOf({ run, seed, world }: Finding): string {
  return `node scripts/run.cjs test/fuzz/main.ts --${run} 1 --seed ${seed} --world ${world}`
}
