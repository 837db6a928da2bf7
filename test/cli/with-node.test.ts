// The manual's transcripts that need running nodes: each command is really run.
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'vitest'
import { runTranscript } from './transcript.ts'

const folder = fileURLToPath(new URL('./with-node/', import.meta.url))
test.each(readdirSync(folder))('%s prints what it says', { timeout: 300_000 }, name =>
  runTranscript(folder + name)
)
