// npm run check: types, lint, format and unused code, without the tests.
import { checks, run } from './checks.ts'

process.exitCode = checks.map(run).every(Boolean) ? 0 : 1
