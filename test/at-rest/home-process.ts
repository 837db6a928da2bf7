// Makes a home with the sources beside it, and starts a node there once, so that the home space is founded.
import { createCompanyHome } from '../e2e/homes.ts'

const [dir = ''] = process.argv.slice(2)
await createCompanyHome(dir, 'Acme', { coalesceMs: 0 })
