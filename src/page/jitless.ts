// Imported before anything that makes a schema: the page's Content-Security-Policy forbids code made from strings,
// and zod would try it first.
import { config } from 'zod'

config({ jitless: true })
