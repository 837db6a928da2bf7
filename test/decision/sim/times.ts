// When a history calms down.
import { HOUR, START } from '../../../scripts/vectors/decision-builders.ts'

/** After this nothing is lost or cut any more. */
export const HEALED = START + 5 * HOUR
