// `parley doctor --deep`: every stored envelope judged again. Some 5,000 take a second of one core, and a running
// node has other things to do in it, so this is not part of every look.
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import { checkFacet } from '../../node/facet-check.ts'
import type { Home, Log } from '../../node/home/home.ts'
import { readCertificates } from '../../node/home/certificates.ts'
import type { FacetCheckJson, ParleyNode } from '../../node/surface/parley-node.ts'
import type { Store } from '../../store/store.ts'
import type { Cli } from '../cli.ts'
import { shortId } from '../find.ts'
import { plural } from '../text.ts'
import type { Finding } from './doctor.ts'

export async function checkRunningFacets(cli: Cli, node: ParleyNode): Promise<Finding[]> {
  const facets = (await node.artifacts()).flatMap(artifact => artifact.facets)
  return checkAll(
    cli,
    facets.map(
      ({ id }) =>
        () =>
          node.checkFacet(id)
    )
  )
}

/** Space logs and identity logs are verified in full by reading them. */
export async function checkStoredFacets(
  cli: Cli,
  home: Home,
  identity: CompanyIdentity,
  store: Store
): Promise<Finding[]> {
  const { held } = await readCertificates(home, identity)
  const own = held.find(({ kind }) => kind === 'node')
  // That it is missing has been said already.
  if (own?.kind !== 'node') return []
  const findings: Finding[] = []
  const log: Log = (_level, message, facts = {}) => {
    const what = `${message}: ${Object.values(facts).join(', ')}`
    findings.push({ state: 'fail', what, fix: AGAIN })
  }
  // Loaded only here: it brings the network with it.
  const { readStopped } = await import('../../node/create-node.ts')
  const core = await readStopped(store, { identity, certificate: own.certificate, log })
  const { facets, directory } = core.context
  const entries = [...directory.spaces.values()].reduce((sum, space) => sum + space.entries().length, 0)
  const logs = plural(directory.identities.size, 'identity log')
  findings.push({
    state: 'ok',
    what: `${logs} and ${plural(entries, 'space log entry', 'space log entries')} verified`
  })
  const checks = [...facets].map(
    ([id, { facet }]) =>
      () =>
        checkFacet(facet, store.scan(id))
  )
  return [...findings, ...(await checkAll(cli, checks))]
}

async function checkAll(cli: Cli, checks: (() => Promise<FacetCheckJson>)[]): Promise<Finding[]> {
  const progress = cli.output.progress('Checking signatures:')
  const results: FacetCheckJson[] = []
  for (const check of checks) {
    progress.at(`document ${results.length + 1} of ${checks.length}`)
    results.push(await check())
  }
  progress.end()
  const sum = (of: (result: FacetCheckJson) => number) => results.reduce((total, item) => total + of(item), 0)
  const wrong = results.flatMap(({ kind, artifact, wrong: faults }) =>
    faults.map((fault): Finding => {
      return { state: 'fail', what: `${kind} ${shortId(artifact)}: ${fault}`, fix: AGAIN }
    })
  )
  if (wrong.length > 0) return wrong
  const [envelopes, signed] = [sum(result => result.envelopes), sum(result => result.signed)]
  const covered = envelopes - signed
  const rest = covered > 0 ? `, ${covered} vouched for by a later one of their lane` : ''
  return [
    {
      state: 'ok',
      what: `${plural(envelopes, 'envelope')} verified: ${plural(signed, 'signature')} hold${rest}`
    }
  ]
}

const AGAIN = 'Make a backup, then parley repair; peers send what is missing.'
