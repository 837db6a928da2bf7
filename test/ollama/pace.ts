// How long answers take here, so that others know what they may ask of this machine.
import { chat } from './exchange.ts'
import { GREEDY, MODEL, text, user } from './claim.ts'

const RUNS = 3
/** Longer than any answer that is asked for. */
const UNENDING = { type: 'string', minLength: 1500 }

export interface Pace {
  promptTokens: number
  answerTokens: number
  /** The median of three, for a prompt that the server has not seen, the model being loaded. */
  seconds: number
  promptTokensPerSecond: number
  answerTokensPerSecond: number
}

export async function pace(
  url: string,
  promptTokens: number,
  answerTokens: number,
  num_ctx: number
): Promise<Pace> {
  const options = { ...GREEDY, num_ctx, num_predict: answerTokens }
  const runs: Omit<Pace, 'answerTokens'>[] = []
  // The first one loads the model and is not counted.
  for (let i = 0; i <= RUNS; i++) {
    // Another beginning each time, so that nothing of the prompt is in the server's cache.
    const messages = [user(`${i} ${promptTokens} ${text(promptTokens)}`)]
    const started = performance.now()
    const answer = await chat(url, { model: MODEL, messages, format: UNENDING, options })
    const seconds = (performance.now() - started) / 1000
    const { prompt_eval_count, prompt_eval_duration = 1, eval_count, eval_duration = 1 } = answer
    if (eval_count !== answerTokens) throw new Error(`${eval_count} tokens came for ${answerTokens}`)
    runs.push({
      promptTokens: prompt_eval_count,
      seconds,
      promptTokensPerSecond: (prompt_eval_count / prompt_eval_duration) * 1e9,
      answerTokensPerSecond: (eval_count / eval_duration) * 1e9
    })
  }
  const median = runs.slice(1).sort((a, b) => a.seconds - b.seconds)[RUNS >> 1]
  if (!median) throw new Error('no run was counted')
  return { ...median, answerTokens }
}
