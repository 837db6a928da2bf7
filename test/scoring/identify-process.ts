// Asks an Ollama who it is, in a process whose environment names a proxy; prints what came of it.
import { createOllamaScorer } from '../../src/scoring/ollama-scorer.ts'

const host = process.argv[2] as string
const scorer = createOllamaScorer({ host, model: 'gemma4:12b' })
const { versions } = await scorer.identify(new AbortController().signal)
const { status } = await fetch(`http://${host}/api/version`)
process.stdout.write(JSON.stringify({ digest: versions.digest, globalFetch: status }))
