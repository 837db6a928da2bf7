// What a claim about Ollama is: a sentence that our scorer or its double relies on, and a way to see whether a real
// server does so.
import { chat, type Chatted } from './exchange.ts'
import type { RealOllama } from './real-server.ts'

/** The model as it is, and under other settings; each is made before the first claim. */
export const MODEL = 'smollm2'
/**
 * Threads wait for one another at every step of a token: where other work keeps the cores busy, two were twenty times
 * slower than one, and elsewhere no faster with so small a model.
 */
export const ONE_THREAD = { num_thread: 1 }
/** Says three tokens at most, and has words of its own. */
export const BRIEF = 'smollm2-brief'
/** Its template has a place for thoughts, which the model never learned to have. */
export const THINKER = 'smollm2-thinker'
/** Its template makes it begin with a thought. */
export const MUSER = 'smollm2-muser'

export interface Scene {
  ollama: RealOllama
  url: string
  /** A second server, for a claim that needs other settings. */
  start(env: Record<string, string>): Promise<RealOllama>
  /** The GGUF file. */
  file: string
}

/** @returns undefined when the server does as the claim says, else what it did */
export type Check = (scene: Scene) => Promise<string | undefined>

export interface Claim {
  says: string
  check: Check
  /** How this version does otherwise, as test/ollama/README.md tells. */
  differs?: RegExp
}

export const GREEDY = { temperature: 0, seed: 1, num_ctx: 1024, num_predict: 24 }

/** @returns what was seen, when it was not so */
export function seenUnless(so: boolean, seen: unknown): string | undefined {
  if (so) return undefined
  return typeof seen === 'string' ? seen : JSON.stringify(seen)
}

/** The first thing that was not so. */
export function firstOf(...seen: (string | undefined)[]): string | undefined {
  return seen.find(one => one !== undefined)
}

export const user = (content: string) => ({ role: 'user', content })

/** Asks the model one thing, greedily and briefly unless the request says otherwise. */
export function ask(
  { url }: Scene,
  content: string,
  more: { model?: string; options?: object; [field: string]: unknown } = {}
): Promise<Chatted> {
  const { options, ...rest } = more
  return chat(url, { model: MODEL, messages: [user(content)], options: { ...GREEDY, ...options }, ...rest })
}

/** A text of about so many tokens of this model: common words are one each. */
export function text(tokens: number): string {
  const words = 'the market for small tools grew and the plan was kept by all of them so'.split(' ')
  return Array.from({ length: tokens }, (_, i) => words[i % words.length]).join(' ')
}

/** How many models the server has loaded so far. */
export function loads({ ollama }: Scene): number {
  return ollama
    .log()
    .split('starting runner')
    .filter(said => /^"? cmd="[^\n]* --model /.test(said)).length
}
