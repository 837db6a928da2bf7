// What it means that there is no score, or that somebody's record of scores was refused: sentences by code.
// protocols/scoring.
import type { Refusal } from './refusal.ts'

const KEPT = 'The job is kept, and nothing else scores in its place.'

function scoring(rule: string, says: string, next: string): Refusal {
  return { rule, says, safe: KEPT, next }
}

const RETRY = 'It is tried again by itself; now: parley score DECISION --retry'
const HOST = 'Change ollama in parley.json, or set ollamaRemote there; then: parley start'
const OTHER = 'Score by hand, or choose another model: parley score DECISION --model NAME'

export const SCORING_REFUSALS: { readonly [code: string]: Refusal } = {
  'job-shape': scoring(
    'SCO-1',
    'What was to be scored is not in its form.',
    'Look at it: parley score DECISION'
  ),
  'model-name': scoring('SCO-3', 'This is no name of a model.', OTHER),
  'scorer-host': scoring(
    'SCO-4',
    'Ollama would run on another machine, and prompts hold what is private.',
    HOST
  ),
  'remote-model': scoring('SCO-3', 'The model would run on a machine of others.', OTHER),
  'model-changed': scoring(
    'SCO-2',
    'The model, or its server, is not what it was, so that nothing it scored counts.',
    'Begin again with the model as it is now, or another: parley score DECISION --model NAME'
  ),
  'model-missing': scoring('SCO-2', 'Ollama does not have this model.', OTHER),
  unreachable: scoring('SCO-5', 'Ollama does not answer.', `Start it. ${RETRY}`),
  busy: scoring('SCO-9', 'Ollama has too much to do.', RETRY),
  'connection-lost': scoring('SCO-5', 'The connection to Ollama broke.', RETRY),
  'server-error': scoring('SCO-5', 'Ollama failed.', RETRY),
  deadline: scoring('SCO-5', 'Ollama was slower than the limit.', RETRY),
  'server-too-old': scoring(
    'SCO-6',
    'This Ollama would cut a long text without a word.',
    `Update it. ${RETRY}`
  ),
  'prompt-too-long': scoring(
    'SCO-6',
    'The text is longer than the model can read at once.',
    'Confide less to it: parley context --notes FILE'
  ),
  'invalid-output': scoring('SCO-7', 'What the model wrote is no answer.', OTHER),
  forbidden: scoring('SCO-5', 'Ollama refuses the name of its host.', HOST),
  'not-ollama': scoring('SCO-2', 'What listens there is not Ollama.', HOST),
  'form-incomplete': scoring('SCO-23', 'A score is missing.', 'It shows which: parley score DECISION'),
  'evaluator-form': {
    rule: 'SCO-20',
    says: 'The file is no record of an evaluator.',
    safe: 'The ballot that names it is untouched.',
    next: 'Ask for it again: parley score DECISION --record FILE'
  }
}
