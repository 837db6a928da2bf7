// A peer in a process of its own, to be killed and stopped: `peer-process.ts SEED PORT`. Prints its address, echoes.
import { createPeering } from '../../src/net/peering.ts'
import { dialable, seed } from './loopback.ts'

const [n, port, keep] = process.argv.slice(2)
const peering = await createPeering({
  privateKey: seed(Number(n)),
  listen: [`/ip4/127.0.0.1/tcp/${port}`],
  admit: () => true,
  onSession: session => ({ onFrame: frame => session.send(frame), onClose: () => undefined }),
  log: () => undefined
})
await peering.start()
if (keep !== undefined) peering.keep([dialable(keep)])
process.stdout.write(`${peering.transport.listenAddresses()[0]}\n`)
process.stdin.resume()
process.stdin.once('end', () => void peering.stop())
