// The part of the demo in which companies decide: by majority, by unanimity, after a veto, and not at all. Everything
// goes through the command line, as people would do it; each decision leaves its certificate as a file.
import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { planArtifact } from '../src/decision/execution.ts'
import type { DecisionJson } from '../src/node/surface/decision-json.ts'
import type { ScoringJson } from '../src/node/surface/scoring-json.ts'
import { toHex } from '../src/wire/bytes.ts'
import { COMPILE_CACHE, type CompanyProcess, until } from './company-process.ts'

const CLI = join(import.meta.dirname, '../src/cli/main.ts')

export interface Deciders {
  companies: [CompanyProcess, CompanyProcess, CompanyProcess]
  dids: string[]
  space: string
  /** A standard that all three hold. */
  standard: string
  /** Where policy, trust file and certificates go. */
  folder: string
  step<T>(name: string, key: string, work: () => Promise<T>): Promise<T>
  insist(holds: boolean, what: string): void
}

interface Ran {
  status: number
  stdout: string
  stderr: string
}

/** `parley` as somebody at a company types it. */
async function parley(home: string, ...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [CLI, '--home', home, '--json', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE }
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const status = await new Promise<number>(resolve => child.on('close', code => resolve(code ?? 1)))
  return { status, stdout, stderr }
}

async function decide(home: string, ...args: string[]): Promise<DecisionJson> {
  const { status, stdout, stderr } = await parley(home, 'decision', ...args)
  if (status !== 0) throw new Error(`parley decision ${args.join(' ')}\n${stderr}`)
  return JSON.parse(stdout) as DecisionJson
}

/** What somebody types after `parley decision vote ID`, or how they come to it. */
type Ballot = string[] | ((decision: string) => Promise<string[]>)

class Table {
  readonly #scene: Deciders
  readonly #policy: string
  readonly #trust: string
  /** The standard without its annex. */
  #body: string | undefined

  constructor(scene: Deciders) {
    this.#scene = scene
    this.#policy = join(scene.folder, 'policy.json')
    this.#trust = join(scene.folder, 'trust.txt')
    writeFileSync(this.#trust, `# companies whose words were compared by phone\n${scene.dids.join('\n')}\n`)
  }

  get #homes(): string[] {
    return this.#scene.companies.map(({ home }) => home)
  }

  async agreeOnPolicy(): Promise<string> {
    const [home = ''] = this.#homes
    const { stdout } = await parley(home, 'policy', 'new', ...this.#scene.dids)
    writeFileSync(this.#policy, stdout)
    const { status, stdout: report } = await parley(home, 'policy', 'check', this.#policy)
    this.#scene.insist(status === 0, 'the policy that parley policy new prints is one to decide by')
    const { rules } = JSON.parse(report) as { rules: { kind: string; threshold: number; close: number }[] }
    return rules
      .map(({ kind, threshold, close }) => `${kind}: ${threshold} of 3 approve, ${close} close`)
      .join('; ')
  }

  /** @param votes what the CTO of each company types after `parley decision vote ID` */
  async vote(title: string, options: string[], votes: Ballot[], more: string[] = []): Promise<DecisionJson> {
    const [first = ''] = this.#homes
    const started = await decide(
      first,
      'start',
      this.#scene.space,
      title,
      '--policy',
      this.#policy,
      '--question',
      `${title}?`,
      ...options.flatMap(option => ['--option', option]),
      ...more
    )
    for (const { name, api } of this.#scene.companies)
      await until(`${name} to hear of it`, async () =>
        (await api.decisions()).some(({ id }) => id === started.id)
      )
    await Promise.all(
      this.#homes.map(async (home, i) => {
        const typed = votes[i] as Ballot
        const words = typeof typed === 'function' ? await typed(started.id) : typed
        return decide(home, 'vote', started.id, ...words)
      })
    )
    const seen = await Promise.all(this.#homes.map(home => decide(home, 'wait', started.id)))
    const outcomes = new Set(seen.map(({ outcome }) => JSON.stringify(outcome)))
    this.#scene.insist(outcomes.size === 1, 'all three companies see one outcome')
    return seen[0] as DecisionJson
  }

  /** The first company judges each option by each criterion, and votes upon the record of that. */
  async scoreByHand(decision: string): Promise<string[]> {
    const [home = ''] = this.#homes
    const given = { localVision: [4, 2], localPurpose: [4, 2], peerFit: [3, 3], legendaryLens: [3, 1] }
    const scores = Object.entries(given).flatMap(([criterion, each]) =>
      each.map((score, option) => `${option + 1}.${criterion}=${score}`)
    )
    const { status, stdout, stderr } = await parley(home, 'score', decision, '--enter', ...scores)
    this.#scene.insist(status === 0, `scores can be entered by hand: ${stderr}`)
    return ['1', '--scored', (JSON.parse(stdout) as ScoringJson).record as string]
  }

  /** What the first option of the first decision leads to, as a file. */
  plan(): string {
    const path = join(this.#scene.folder, 'plan.json')
    const [company = ''] = this.#scene.dids
    const due = '2027-03-31'
    const milestones = [{ title: 'The form is in use', company, role: 'CTO', due }]
    writeFileSync(path, JSON.stringify({ goal: 'Every incident report on one page.', milestones }))
    return path
  }

  async planned(decision: string): Promise<void> {
    const artifact = toHex(planArtifact(decision))
    for (const { name, api } of this.#scene.companies) {
      const meta = await until(`the plan at ${name}`, async () => {
        const { fields } = await api.read(artifact)
        const { goal } = fields['meta'] as { goal?: string }
        return goal !== undefined && (fields['meta'] as object)
      })
      this.#scene.insist('decision' in meta && meta.decision === decision, 'the plan names its decision')
    }
  }

  /** The version that was approved, sealed by all: a stranger sees that this very text was decided on. */
  async release(decision: string, name: string): Promise<void> {
    let path = join(this.#scene.folder, `${name}-release-1.json`)
    const [first = '', ...others] = this.#homes
    const made = await parley(first, 'decision', 'release', decision, '-o', path)
    this.#scene.insist(made.status === 0, `the approved version can be sealed: ${made.stderr}`)
    for (const [i, home] of others.entries()) {
      const next = join(this.#scene.folder, `${name}-release-${i + 2}.json`)
      const signed = await parley(home, 'countersign', path, '-o', next)
      this.#scene.insist(signed.status === 0, `the others sign it: ${signed.stderr}`)
      path = next
    }
    const certificate = join(this.#scene.folder, `${name}-decision.json`)
    const nowhere = join(this.#scene.folder, 'no-home')
    const check = ['verify', path, '--decision', certificate]
    const unknown = await parley(nowhere, ...check)
    this.#scene.insist(unknown.status === 8, 'who knows none of the companies is told so')
    const verified = await parley(nowhere, ...check, '--trust', this.#trust)
    this.#scene.insist(verified.status === 0, `it is what the certificate approved: ${verified.stderr}`)
  }

  /** The annex of the standard, as one company writes it, at all three. */
  async append(annex: string): Promise<void> {
    const { companies, standard } = this.#scene
    const [{ api }] = companies
    const { text, frontier } = await api.read(standard)
    this.#body ??= text
    await api.editText(standard, { base: frontier, text: `${this.#body}${annex}` })
    for (const company of companies)
      await until(
        'the annex',
        async () => (await company.api.read(standard)).text === `${this.#body}${annex}`
      )
  }

  async measure(): Promise<string> {
    const files = ['1-majority', '2-standard', '3-revised', '4-lapsed'].map(name =>
      join(this.#scene.folder, `${name}-decision.json`)
    )
    const { status, stdout } = await parley(join(this.#scene.folder, 'no-home'), 'metrics', ...files)
    const { summary } = JSON.parse(stdout) as { summary: { decisions: number; medianMs: number } }
    this.#scene.insist(status === 0 && summary.decisions === 4, 'four certificates tell how long they took')
    return `median ${Math.round(summary.medianMs / 1000)} s`
  }

  /** The CEO of the first proposes, the others agree. */
  async mediate(id: string, ...args: string[]): Promise<void> {
    const [first = '', ...others] = this.#homes
    const { mediation } = await decide(first, 'mediate', id, ...args)
    const record = mediation[0]?.id ?? ''
    for (const [i, home] of others.entries()) {
      const { api } = this.#scene.companies[i + 1] as CompanyProcess
      await until('the record', async () => (await api.decision(id)).mediation.some(one => one.id === record))
      await decide(home, 'mediate', id, '--agree', record)
    }
    for (const { api } of this.#scene.companies)
      await until('all CEOs', async () => (await api.decision(id)).mediation[0]?.companies.length === 3)
  }

  /** One company's file, checked by another with no node and no network. */
  async certify(id: string, name: string): Promise<void> {
    const path = join(this.#scene.folder, `${name}-decision.json`)
    const [, home = ''] = this.#homes
    const made = await parley(home, 'decision', 'certificate', id, '-o', path)
    this.#scene.insist(made.status === 0, `the decision has a certificate: ${made.stderr}`)
    const nowhere = join(this.#scene.folder, 'no-home')
    const verified = await parley(nowhere, 'verify', path, '--trust', this.#trust)
    this.#scene.insist(verified.status === 0, `a stranger can check ${name}: ${verified.stderr}`)
    const unpinned = await parley(nowhere, 'verify', path)
    this.#scene.insist(unpinned.status === 8, `without a trust file it is unpinned: ${unpinned.status}`)
  }
}

export async function decideAll(scene: Deciders): Promise<void> {
  const { step, insist, standard } = scene
  mkdirSync(scene.folder, { recursive: true })
  const table = new Table(scene)
  await step('a policy that all three can read: who decides, and who could block', 'policy', () =>
    table.agreeOnPolicy()
  )
  const majority = await step(
    'they decided by weighted majority, with hidden ballots',
    'majority',
    async () => {
      const { id, outcome } = await table.vote(
        'Which format do incident reports have',
        ['One page: what happened, in a form', 'A letter: as each likes'],
        [
          decision => table.scoreByHand(decision),
          ['1'],
          ['2', '--rationale', 'A form hides what does not fit.']
        ],
        ['--plan', `1=${table.plan()}`]
      )
      insist(outcome?.approved?.option === 0, 'two of three approve')
      insist(outcome?.recommendation.option === 0, 'the scores of the one who scored recommend it')
      await table.certify(id, '1-majority')
      return id
    }
  )
  await step('what they decided became the draft of a plan that all three have', 'plan', () =>
    table.planned(majority)
  )
  const release = ['--subject', standard, '--release', '1.0.0']
  await step('they released a standard by unanimity', 'unanimity', async () => {
    const { id, outcome } = await table.vote(
      'Release the standard',
      ['1.0.0: as it stands'],
      [['1'], ['1'], ['1']],
      release
    )
    insist(outcome?.approved?.option === 0, 'all three approve')
    await table.certify(id, '2-standard')
    await table.release(id, '2-standard')
  })
  const vetoed = await step(
    'one company vetoed the next release, and said what would change that',
    'veto',
    async () => {
      await table.append('\n## Annex\n\nThe supplier is known.\n')
      const veto = ['reject', '--objection', 'It names our supplier.', '--change', 'Name none.']
      const next = ['--subject', standard, '--release', '1.1.0']
      const { id, stage, outcome } = await table.vote(
        'Release the next version',
        ['1.1.0: with the annex'],
        [['1'], ['1'], veto],
        next
      )
      insist(
        stage === 'mediation' && outcome?.failed?.includes('objection') === true,
        'a veto opens mediation'
      )
      return id
    }
  )
  await step('their CEOs mediated, and the revised one was approved by all', 'revised', async () => {
    await table.mediate(
      vetoed,
      '--outcome',
      'revise',
      '--rationale',
      'The annex can do without.',
      '--change',
      'Name none.'
    )
    await table.append('')
    const again = ['--subject', standard, '--release', '1.1.0', '--revises', vetoed]
    const { id, outcome } = await table.vote(
      'Release the revised version',
      ['1.1.0: without names'],
      [['1'], ['1'], ['1']],
      again
    )
    insist(outcome?.approved?.option === 0, 'all three approve what was revised')
    await table.certify(id, '3-revised')
    await table.release(id, '3-revised')
  })
  await step('they did not agree on a third question, and let it lapse', 'lapsed', async () => {
    const { id } = await table.vote(
      'Who hosts the archive',
      ['The first', 'The second'],
      [['1'], ['2'], ['abstain']]
    )
    await table.mediate(id, '--outcome', 'lapse', '--rationale', 'It is too early for that.')
    const [{ api }] = scene.companies
    insist((await api.decision(id)).stage === 'lapsed', 'it has lapsed')
    await table.certify(id, '4-lapsed')
  })
  await step('an auditor reads from the certificates how long it took', 'metrics', () => table.measure())
}
