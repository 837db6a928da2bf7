// npm run test:ollama: a real Ollama with a real small model, from package registries, and what our scorer and its double
// take for granted of it. One line a claim; test/ollama/README.md tells what differs, and this run fails when something
// else does. `-- --only TEXT` takes the claims that hold the text (`attacks`: none, but what comes after them),
// `-- --no-pace` measures nothing, `-- --attacks 88` runs all of our own attacks on it instead of two, and
// `-- --with OLLAMA_NUM_PARALLEL=2` starts the server so, to see that the claims which depend on it fail.
// Exit code 0: as the README says; 1: not so; 3: NOT RUN, since something cannot be had here.
import { parseArgs } from 'node:util'
import { BRIEF, type Claim, MODEL, MUSER, ONE_THREAD, type Scene, THINKER } from './claim.ts'
import { CHAT_CLAIMS } from './claims-chat.ts'
import { FORMAT_CLAIMS } from './claims-format.ts'
import { JUDGING_CLAIMS } from './judging.ts'
import { LIMIT_CLAIMS } from './claims-limits.ts'
import { REMOTE_CLAIMS } from './claims-remote.ts'
import { SHAPE_CLAIMS } from './claims-shape.ts'
import { THINK_CLAIMS } from './claims-think.ts'
import { pace } from './pace.ts'
import { NotHad, provision, type Provision } from './provision.ts'
import { createModel, listedModel, startOllama, uploadBlob, versionOf } from './real-server.ts'
import { tellAttacks, tellCheck } from './verdict.ts'

const NOT_RUN = 3
const CLAIMS: [string, Claim[]][] = [
  ['the frame', SHAPE_CLAIMS],
  ['one chat', CHAT_CLAIMS],
  ['format', FORMAT_CLAIMS],
  ['limits', LIMIT_CLAIMS],
  ['thinking', THINK_CLAIMS],
  ['models elsewhere', REMOTE_CLAIMS],
  ['our scorer', JUDGING_CLAIMS]
]

const { values } = parseArgs({
  allowNegative: true,
  options: {
    attacks: { type: 'string', default: '2' },
    only: { type: 'string', default: '' },
    pace: { type: 'boolean', default: true },
    with: { type: 'string', multiple: true, default: [] }
  }
})
const say = (line: string) => console.log(line)

/** Whoever ends this run ends the servers too: their end hangs on the exit of this process. */
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

const TURNS = '{{- range .Messages }}<|im_start|>{{ .Role }}\n'
const THOUGHTS =
  '{{ if .Thinking }}<think>{{ .Thinking }}</think>{{ end }}{{ .Content }}<|im_end|>\n{{ end }}'

async function makeModels(url: string, file: string): Promise<void> {
  const files = { 'model.gguf': await uploadBlob(url, file) }
  await createModel(url, MODEL, { files, parameters: ONE_THREAD })
  const parameters = { num_predict: 3 }
  await createModel(url, BRIEF, { from: MODEL, system: 'You tell stories.', parameters })
  const template = `${TURNS}${THOUGHTS}<|im_start|>assistant\n`
  await createModel(url, THINKER, { from: MODEL, template })
  await createModel(url, MUSER, { from: MODEL, template: `${template}<think>` })
}

/** @returns whether the server does as the README says */
async function judge({ says, check, differs }: Claim, scene: Scene): Promise<boolean> {
  const started = performance.now()
  const seen = await check(scene).catch((error: unknown) => `the check itself failed: ${String(error)}`)
  const ms = Math.round(performance.now() - started)
  const expected = differs === undefined ? seen === undefined : seen !== undefined && differs.test(seen)
  const verdict = seen === undefined ? 'as written' : `differs: ${seen.replaceAll(/\s+/g, ' ').slice(0, 600)}`
  say(
    `${expected ? '  ' : '! '}${says} -- ${verdict}${expected ? '' : ' (the README says otherwise)'} [${ms} ms]`
  )
  return expected
}

async function judgeAll(scene: Scene): Promise<boolean> {
  let [judged, unexpected] = [0, 0]
  for (const [topic, claims] of CLAIMS) {
    const wanted = claims.filter(({ says }) => `${topic}: ${says}`.includes(values.only))
    if (wanted.length > 0) say(`\n${topic}`)
    for (const claim of wanted) {
      judged++
      if (!(await judge(claim, scene))) unexpected++
    }
  }
  say(`\n${judged} claims, ${unexpected} not as the README says`)
  return (judged > 0 || values.only === 'attacks') && unexpected === 0
}

async function tellPace(url: string): Promise<void> {
  say('\npace, of one request at a time, with a prompt that the server has not seen')
  for (const [prompt, answer, window] of [
    [200, 40, 2048],
    [1500, 120, 4096]
  ] as const) {
    const { promptTokens, answerTokens, seconds, ...rates } = await pace(url, prompt, answer, window)
    const [reads, writes] = [rates.promptTokensPerSecond, rates.answerTokensPerSecond].map(Math.round)
    say(
      `  ${promptTokens} + ${answerTokens} tokens in ${seconds.toFixed(2)} s (reads ${reads}, writes ${writes} a second)`
    )
  }
}

async function run({ program, tuning, model }: Provision): Promise<boolean> {
  const settings = Object.fromEntries(values.with.map(one => one.split('=', 2) as [string, string]))
  const ollama = await startOllama(program, settings)
  const { url } = ollama
  try {
    await makeModels(url, model.file)
    const { digest, details } = await listedModel(url, MODEL)
    say(`Ollama ${await versionOf(url)}, built from its Go module${tuning && ` for ${tuning}`}, on ${url}`)
    say(`${model.name} (${model.licence}), ${details.parameter_size}, ${details.quantization_level}`)
    say(`model digest ${digest}, GGUF sha256 ${model.sha256}`)
    const start = (env: Record<string, string>) => startOllama(program, env)
    const good = await judgeAll({ ollama, url, start, file: model.file })
    if (values.pace) await tellPace(url)
    if (values.only !== '' && values.only !== 'attacks') return good
    await tellAttacks(url, Number(values.attacks), say)
    return (await tellCheck(url, values.only === 'attacks', say)) && good
  } finally {
    await ollama.close()
  }
}

async function main(): Promise<number> {
  try {
    return (await run(provision(say))) ? 0 : 1
  } catch (error) {
    if (!(error instanceof NotHad)) throw error
    say(`NOT RUN: ${error.message}`)
    return NOT_RUN
  }
}

process.exitCode = await main()
