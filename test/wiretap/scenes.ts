// The scenes by name, in the order in which they are played.
import { frozen, questions, refusals, rights } from './scenes-of-attack.ts'
import { deciding } from './scenes-of-deciding.ts'
import { giving } from './scenes-of-giving.ts'
import { apart, documents, paper, presence, restored, sharing, strangers, typing } from './scenes-of-work.ts'
import type { World } from './world.ts'

export const SCENES: { [name: string]: (world: World) => Promise<void> } = {
  documents,
  typing,
  sharing,
  presence,
  deciding,
  strangers,
  paper,
  giving,
  questions,
  refusals,
  frozen,
  apart,
  restored,
  rights
}
