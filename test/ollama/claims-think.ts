// Claims about thinking. The model has never learned to think; two templates that expect thoughts show what the server
// makes of a model that ought to think and does not, and of one that does not stop.
import { ask, type Claim, firstOf, MODEL, MUSER, seenUnless, type Scene, THINKER } from './claim.ts'
import { exchange } from './exchange.ts'

const SCORE = {
  type: 'object',
  properties: { score: { type: 'integer', enum: [0, 1, 2, 3, 4, 5] } },
  required: ['score']
}
const FITS = /^\{\s*"score"\s*:\s*[0-5]\s*\}\s*$/

async function refused(scene: Scene): Promise<string | undefined> {
  const { status, error } = await ask(scene, 'x', { think: true })
  return seenUnless(`${status} ${error}` === `400 "${MODEL}" does not support thinking`, `${status} ${error}`)
}

async function invalid(scene: Scene): Promise<string | undefined> {
  const { status, error = '' } = await ask(scene, 'x', { think: 'extremely' })
  return seenUnless(status === 400 && error.startsWith('invalid think value'), `${status} ${error}`)
}

async function notApplied(scene: Scene): Promise<string | undefined> {
  const { status, message } = await ask(scene, 'Tell me about bread.', {
    model: THINKER,
    think: true,
    format: SCORE
  })
  return firstOf(
    seenUnless(status === 200, `${status}`),
    seenUnless(!FITS.test(message.content), message.content)
  )
}

async function thinksByDefault(scene: Scene): Promise<string | undefined> {
  const { message } = await ask(scene, 'Tell me about bread.', { model: MUSER })
  return seenUnless((message.thinking ?? '') !== '', message)
}

async function eatsThePredicted(scene: Scene): Promise<string | undefined> {
  const { status, message, done_reason } = await ask(scene, 'Tell me about bread.', {
    model: MUSER,
    format: SCORE
  })
  const so = status === 200 && message.content === '' && done_reason === 'length'
  return seenUnless(so, { status, message, done_reason })
}

async function offAndForced(scene: Scene): Promise<string | undefined> {
  const { message } = await ask(scene, 'Tell me about bread.', {
    model: THINKER,
    think: false,
    format: SCORE
  })
  return seenUnless(FITS.test(message.content), message.content)
}

export const THINK_CLAIMS: Claim[] = [
  { says: 'think true is 400 on a model that cannot', check: refused },
  {
    says: 'think false is accepted on a model that cannot',
    check: async scene => seenUnless((await ask(scene, 'x', { think: false })).status === 200, 'it is not')
  },
  { says: 'another think value is 400', check: invalid },
  {
    says: 'a template with a place for thoughts gives the capability "thinking"',
    check: async ({ url }) => {
      const { text } = await exchange(url, '/api/show', { body: { model: THINKER } })
      const { capabilities } = JSON.parse(text) as { capabilities: string[] }
      return seenUnless(capabilities.includes('thinking'), capabilities)
    }
  },
  { says: 'a model that can think does so unless told otherwise', check: thinksByDefault },
  {
    says: 'thoughts count against num_predict: the content may be empty, with "length"',
    check: eatsThePredicted
  },
  { says: 'a model that ought to think and does not gets no schema at all', check: notApplied },
  {
    says: 'with think false the schema is applied where the template alone tells of thoughts',
    check: offAndForced
  }
]
