// Preloaded into the node under attack (`--import`): tells its parent how long the main thread was blocked and how
// much memory the process holds. Measured inside the node, in two ways: how late a timer is, which on a busy machine
// is also the wait for a core, and how much the thread computed between two turns of its loop, which is not.
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'

export interface Reading {
  /** Lateness of a timer, beyond its interval: 99 of 100 were less, and the worst. Milliseconds. */
  p99: number
  max: number
  /** The most that the main thread computed without turning. Milliseconds of its own time. */
  block: number
  /** Of one core, what the main thread took. */
  busy: number
  /** Resident memory now and the most since the last reset. Bytes. */
  rss: number
  rssMax: number
  /** What of it JavaScript holds, and what buffers hold. */
  heap: number
  external: number
}

const RESOLUTION_MS = 5
const SAMPLE_MS = 20

if (isMainThread && process.send) {
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  delay.enable()
  const spent = () => {
    const { user, system } = process.threadCpuUsage()
    return (user + system) / 1_000
  }
  let [rssMax, block, last, since] = [0, 0, spent(), performance.now()]
  let began = last
  setInterval(() => (rssMax = Math.max(rssMax, process.memoryUsage.rss())), SAMPLE_MS).unref()
  const turn = () => {
    const now = spent()
    block = Math.max(block, now - last)
    last = now
  }
  setInterval(turn, RESOLUTION_MS).unref()
  process.on('message', (message: string) => {
    if (message !== 'read' && message !== 'reset') return
    turn()
    if (message === 'reset') {
      delay.reset()
      ;[rssMax, block, began, since] = [0, 0, last, performance.now()]
    }
    const { rss, heapUsed: heap, external } = process.memoryUsage()
    const late = (ns: number) => Math.max(0, ns / 1e6 - RESOLUTION_MS)
    const [p99, max] = [late(delay.percentile(99)), late(delay.max)]
    const busy = (last - began) / Math.max(1, performance.now() - since)
    const reading: Reading = { p99, max, block, busy, rss, rssMax: Math.max(rssMax, rss), heap, external }
    process.send?.({ gauge: reading })
  })
  process.channel?.unref()
}
