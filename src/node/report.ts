// What the core tells, in words for the log and as events for whoever listens.
import type { News } from '../sync/effects.ts'
import { toHex } from '../wire/bytes.ts'
import type { Log } from './home/home.ts'
import { type Parts, nameOf } from './parts/parts.ts'
import { explain, refusalOf } from './refusals/refusals.ts'

/** What the core tells, for the log and for whoever listens. */
export function report(parts: Parts, news: News, log: Log): void {
  parts.losses.hear(news)
  parts.refused.hear(news)
  const at = Date.now()
  const name = (did: string | undefined) => (did === undefined ? undefined : nameOf(parts, did))
  switch (news.what) {
    case 'refused': {
      const { code, detail } = news.reject
      const company = name(news.did)
      const means = explain(news.reject)
      log('warn', 'refused what a peer sent', { code, means, where: news.where, peer: news.peerId, company })
      const who = { peer: news.peerId, ...(company !== undefined && { company }) }
      return parts.emit({ event: 'refused', ...who, code, detail, where: news.where, at })
    }
    case 'fork': {
      const { facet, seq } = news
      const did = parts.driver.core.context.facets.get(facet)?.facet.space.parties[news.company]
      log('error', 'one key signed two envelopes for one place', { facet, seq, company: name(did) })
      return parts.emit({ event: 'fork', facet, company: name(did) ?? '', seq, at })
    }
    case 'chain-fork':
    case 'identity-fork':
      log('error', news.what, { ...news })
      return parts.emit({ event: 'alarm', code: news.what, detail: JSON.stringify(news), at })
    case 'session-open':
      log('info', 'connected', { company: name(news.did), peer: news.peerId })
      return parts.emit({ event: 'peer', did: news.did, connected: true })
    case 'session-closed':
      log('info', 'disconnected', { company: name(news.did), peer: news.peerId })
      return news.did === undefined
        ? undefined
        : parts.emit({ event: 'peer', did: news.did, connected: false })
    case 'decision':
      return parts.emit({ event: 'decision', decision: news.decision })
    case 'space':
      return parts.emit({ event: 'space', space: news.space })
    case 'facet': {
      const held = parts.driver.core.context.facets.get(news.facet)
      return held && parts.emit({ event: 'artifact', artifact: toHex(held.facet.genesis.artifact) })
    }
    case 'quota-spent': {
      const until = new Date(news.until).toISOString()
      const detail = `${name(news.did)} has used up what this node stores of it in a day (${news.account}); more is asked for after ${until}`
      log('warn', news.what, { company: name(news.did), account: news.account, until })
      return parts.emit({ event: 'alarm', code: news.what, detail, at })
    }
    case 'audit': {
      const { code, origin } = news
      const means = refusalOf(code)?.next ?? ''
      const detail = `the audit log of ${name(news.did)}: ${news.detail}. ${means}`.trim()
      log(code === 'audit-refused' ? 'warn' : 'error', code, { company: name(news.did), origin, detail })
      return code === 'audit-refused' ? undefined : parts.emit({ event: 'alarm', code, detail, at })
    }
    case 'same':
    case 'own-returned':
      return undefined
    default:
      return log('debug', news.what, { ...news })
  }
}
