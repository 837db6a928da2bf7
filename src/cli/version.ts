// The version of this package, from the one place that states it.
import { createRequire } from 'node:module'

/** `src/cli` and `dist/cli` are equally far from it. */
const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

export const VERSION = version
