// The parts of the manual that need no running node.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { runTranscript } from './transcript.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
const names = readdirSync(folder).filter(name => name.endsWith('.md'))

test('there are transcripts', () => expect(names.length).toBeGreaterThan(4))

test.each(names)('%s prints what it says', { timeout: 300_000 }, name => runTranscript(folder + name))
