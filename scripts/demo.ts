// npm run demo: three companies as three processes write one standard, apart and together, and prove at the end
// that they hold the same document; then they decide, and the laptop of one sleeps, and wakes. --json: the last line is {"ok":true,...} only if everything held.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs, styleText } from 'node:util'
import type { DocumentJson } from '../src/node/surface/parley-node.ts'
import { addHolder, createCompanyHome } from '../test/e2e/homes.ts'
import { type CompanyProcess, freePort, startCompany, until } from './company-process.ts'
import { decideAll } from './demo-decisions.ts'
import { createSecondHome } from '../test/e2e/second-home.ts'
import { sealAgreement } from './seal-agreement.ts'

const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    out: { type: 'string' },
    keep: { type: 'boolean', default: false }
  }
})

/** The standard that they work on is the one that their nodes speak. */
const STANDARD = join(import.meta.dirname, '../protocols/envelope/SPEC.md')
const NAMES = ['Acme Rail', 'Borealis Power', 'Cobalt Bank'] as const
const timings: { [step: string]: number } = {}
const begun = performance.now()

function say(line: string): void {
  process.stderr.write(`${line}\n`)
}

async function step<T>(name: string, key: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now()
  const result = await work()
  const ms = Math.round(performance.now() - started)
  timings[key] = ms
  say(`${styleText('green', 'ok')} ${name} ${styleText('dim', `(${ms} ms)`)}`)
  return result
}

/** Something that must hold, or the demo has failed. */
function insist(holds: boolean, what: string): void {
  if (!holds) throw new Error(`this does not hold: ${what}`)
}

async function main(): Promise<{ [name: string]: unknown }> {
  const base = mkdtempSync(join(tmpdir(), 'parley-demo-'))
  const running = new Set<CompanyProcess>()
  try {
    return await play(base, running)
  } finally {
    await Promise.all([...running].map(company => company.stop()))
    if (!values.keep) rmSync(base, { recursive: true, force: true })
    else say(`the companies' homes are in ${base}`)
  }
}

async function play(base: string, running: Set<CompanyProcess>): Promise<{ [name: string]: unknown }> {
  say('Three companies, three processes on this machine, no server.\n')
  const homes = await step('each company made its own identity and keys', 'init', async () => {
    const made: string[] = []
    for (const name of NAMES) {
      const home = join(base, name.split(' ')[0] as string)
      const company = await createCompanyHome(home, name, {
        listen: [`/ip4/127.0.0.1/tcp/${await freePort()}`]
      })
      await addHolder(company, 'CEO', `${name} CEO`, ['advise', 'vote', 'seal', 'mediate'])
      made.push(home)
    }
    return made
  })

  const start = async (args: string[] = []) => {
    const started = await Promise.all(homes.map((home, i) => startCompany(NAMES[i] as string, home, args)))
    for (const company of started) running.add(company)
    return started as [CompanyProcess, CompanyProcess, CompanyProcess]
  }
  const stop = async () => {
    await Promise.all([...running].map(company => company.stop()))
    running.clear()
  }

  let [a, b, c] = await step('three nodes run', 'start', () => start())
  const dids = await Promise.all([a, b, c].map(async company => (await company.api.status()).company.did))
  const [didA, didB, didC] = dids as [string, string, string]

  await step(
    `${a.name} and ${c.name} each met ${b.name} by invite and compared the words`,
    'invite',
    async () => {
      for (const [company, did] of [
        [a, didA],
        [c, didC]
      ] as const) {
        const { token } = await b.api.createInvite({ expiresInMs: 600_000 })
        const met = await company.api.join(token)
        say(`   ${company.name} sees for ${b.name}: ${styleText('bold', met.company.words.join(' '))}`)
        const own = (await b.api.status()).company.words
        insist(met.company.words.join() === own.join(), 'both sides see the same words')
        await company.api.confirm(didB, { by: `CTO of ${company.name}`, how: 'phone' })
        await until('the other side', async () =>
          (await b.api.peers()).some(peer => peer.company.did === did)
        )
        await b.api.confirm(did, { by: `CTO of ${b.name}`, how: 'phone' })
      }
    }
  )

  const space = await step('a space of the three CTOs, accepted by each', 'space', async () => {
    const made = await a.api.createSpace({ title: 'Joint standards', pairing: 'CTO', parties: [didB, didC] })
    for (const company of [b, c]) {
      await until(`${company.name} to hear of it`, async () =>
        (await company.api.spaces()).some(s => s.id === made.id)
      )
      await company.api.acceptSpace(made.id)
    }
    await until('all acceptances everywhere', async () => {
      const seen = await Promise.all(
        [a, b, c].map(async company => (await company.api.spaces()).find(s => s.id === made.id))
      )
      return seen.every(s => s?.parties.every(party => party.accepted))
    })
    return made
  })

  await step('an agreement on what the three may share, approved by each', 'agreement', async () => {
    const apis = [a, b, c].map(company => company.api)
    await sealAgreement(apis, space.id, { title: 'Joint standards', template: 'standards-only' })
  })

  const text = readFileSync(STANDARD, 'utf8')
  const artifact = await step(
    `${a.name} drafted a standard of ${text.length} characters; it reached ${c.name} through ${b.name}`,
    'draft',
    async () => {
      const made = await a.api.createArtifact({
        kind: 'StandardsDoc.v1',
        title: 'Signed envelopes',
        class: 'shared-confidential',
        space: space.id,
        text
      })
      for (const company of [b, c])
        await until('the draft', async () => (await company.api.read(made.id)).text === text)
      return made.id
    }
  )

  const offline = await step('all three went offline', 'offline', async () => {
    await stop()
    return start(['--offline'])
  })
  ;[a, b, c] = offline
  const lines = text.split('\n')
  const middle = Math.floor(lines.length / 2)
  await step('each edited the same standard, apart', 'apart', async () => {
    await edit(a, artifact, all => [`> ${a.name}: this draft is for review until March.`, '', ...all])
    await edit(b, artifact, all => [
      ...all.slice(0, middle),
      `> ${b.name}: we need this section in a test.`,
      ...all.slice(middle)
    ])
    await edit(c, artifact, all => [...all, '', `> ${c.name}: agreed, with one open question.`])
    await edit(c, artifact, all => all.map((line, i) => (i === 0 ? line.replace('#', '# Draft:') : line)))
    const roots = new Set(
      await Promise.all([a, b, c].map(async company => (await company.api.read(artifact)).structRoot))
    )
    insist(roots.size === 3, 'three different documents while apart')
  })

  const online = await step('all three went online again', 'online', async () => {
    await stop()
    return start()
  })
  ;[a, b, c] = online
  const documents = await step('the nodes found each other and agree', 'converge', () =>
    until(
      'equal documents',
      async () => {
        const read = await Promise.all([a, b, c].map(company => company.api.read(artifact)))
        const [first] = read as [DocumentJson, ...DocumentJson[]]
        const whole = NAMES.every(name => first.text.includes(`> ${name}:`))
        return whole && read.every(document => document.structRoot === first.structRoot) && read
      },
      60_000
    )
  )
  const [document] = documents as [DocumentJson]
  for (const company of [a, b, c]) say(`   ${company.name.padEnd(16)} struct root ${document.structRoot}`)

  insist(
    (await c.api.peers()).every(peer => peer.company.did !== didA),
    `${c.name} was never connected to ${a.name}`
  )
  const passages = await c.api.passages(artifact)
  for (const name of NAMES) {
    const theirs = passages.find(passage => passage.text.includes(`> ${name}:`))
    insist(theirs?.company === name, `the passage of ${name} is attributed to it`)
  }
  const log = await c.api.log(artifact)
  insist(
    log.every(line => line.state === 'counts' && line.signature === 'own'),
    'every envelope is signed and counts'
  )
  say(`\nWho wrote what, as ${c.name} can prove it (${log.length} signed envelopes):`)
  for (const line of log.slice(-6)) {
    const what = line.inserted.trim().split('\n')[0]?.slice(0, 60) ?? ''
    say(
      `   ${line.company.padEnd(16)} ${line.holder.padEnd(20)} seq ${line.seq}  ${line.deleted > 0 ? `-${line.deleted} ` : ''}${what}`
    )
  }
  say('\nThe three CTOs decide, each from the command line of its own node.')
  const folder = values.out ?? join(base, 'decisions')
  await decideAll({ companies: [a, b, c], dids, space: space.id, standard: artifact, folder, step, insist })
  await laptopSleeps(base, running, { office: a, peer: b, space: space.id, artifact })
  if (values.out !== undefined) {
    mkdirSync(values.out, { recursive: true })
    writeFileSync(join(values.out, 'standard.md'), document.text)
    writeFileSync(join(values.out, 'log.json'), JSON.stringify(log, null, 2))
  }
  return { structRoot: document.structRoot, envelopes: log.length, characters: document.text.length }
}

/** A company's second node stops running for longer than its office takes it for alive, and wakes. */
async function laptopSleeps(
  base: string,
  running: Set<CompanyProcess>,
  scene: { office: CompanyProcess; peer: CompanyProcess; space: string; artifact: string }
): Promise<void> {
  const { office, peer, space, artifact } = scene
  const at = async (company: CompanyProcess) => (await company.api.read(artifact)).structRoot
  const seen = async () => (await office.api.peers()).find(({ own }) => own)
  say(`\nThe COO of ${office.name} has a laptop: a second node, with a key of its own.`)
  const laptop = await step(
    'it met the office by an invite and holds what the office holds',
    'laptop',
    async () => {
      const home = join(base, 'laptop')
      const settings = { listen: [`/ip4/127.0.0.1/tcp/${await freePort()}`] }
      const certificate = await createSecondHome(office.home, home, settings, 'COO')
      await office.api.pinKeys(space, [certificate])
      const started = await startCompany(`${office.name}, laptop`, home)
      running.add(started)
      await started.api.join((await office.api.createInvite({ expiresInMs: 600_000 })).token)
      await until('the document', async () => (await at(started)) === (await at(office)))
      await edit(started, artifact, all => [...all, '', '> COO: I read the rest at home.'])
      await until('one document', async () => (await at(peer)) === (await at(started)))
      return started
    }
  )
  laptop.signal('SIGSTOP') // as when the lid is shut: the process neither runs nor says goodbye
  try {
    await step(`the laptop slept; ${office.name} and ${peer.name} worked on`, 'asleep', async () => {
      await edit(peer, artifact, all => [...all, '', `> ${peer.name}: a question meanwhile.`])
      await until('the question', async () => (await office.api.read(artifact)).text.includes('meanwhile'))
      await edit(office, artifact, all => [...all, '', `> ${office.name}: answered from the office.`])
      await until('one document', async () => (await at(peer)) === (await at(office)))
      await until('the office to miss the laptop', async () => (await seen())?.connected === false, 60_000)
    })
  } finally {
    laptop.signal('SIGCONT')
  }
  await step('it woke and is in sync', 'awake', async () => {
    const same = async () => new Set(await Promise.all([office, peer, laptop].map(at))).size === 1
    await until('one document on all three', same, 60_000)
  })
  const text = (await laptop.api.read(artifact)).text
  insist(text.includes('answered from the office'), 'the laptop has what was written while it slept')
  insist(text.includes('I read the rest'), 'what the laptop wrote before stands')
}

/** Opens the document, changes its lines, and saves against what was opened. */
async function edit(
  company: CompanyProcess,
  artifact: string,
  change: (lines: string[]) => string[]
): Promise<void> {
  const { text, frontier } = await company.api.read(artifact)
  await company.api.editText(artifact, { base: frontier, text: change(text.split('\n')).join('\n') })
}

try {
  const result = await main()
  const totalMs = Math.round(performance.now() - begun)
  say(styleText('green', `\nEverything held, in ${(totalMs / 1000).toFixed(1)} s. No server was involved.`))
  if (values.json) console.log(JSON.stringify({ ok: true, ...result, timings, totalMs }))
} catch (error) {
  say(styleText('red', `\n${(error as Error).message}`))
  if ((error as Error).cause) say(String((error as Error).cause))
  if (values.json) console.log(JSON.stringify({ ok: false, error: (error as Error).message, timings }))
  process.exitCode = 1
}
