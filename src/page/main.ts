// One script, twice: in the page it shows, and in the page's worker, which is made of the same text, it checks.
import './jitless.ts'
import { start } from './desk.ts'
import { type Question, findingOf } from './finding.ts'

if (typeof document === 'undefined')
  addEventListener('message', ({ data }: MessageEvent<Question>) => postMessage(findingOf(data)))
else start()
