// Before a muxer exists: sockets, multistream, noise. Nobody here has a key that the node knows.
import type net from 'node:net'
import { concatBytes, utf8 } from '../../src/wire/bytes.ts'
import { EMPTY } from '../../src/wire/bytes.ts'
import type { Kind } from './kinds.ts'
import { ELSEWHERE, type Scene } from './scene.ts'

/** A line of multistream-select. */
export function line(text: string): Uint8Array {
  return concatBytes(Uint8Array.of(text.length + 1), utf8(`${text}\n`))
}

const GREETING = line('/multistream/1.0.0')
const NOISE = concatBytes(GREETING, line('/noise'))

export function repeated(bytes: Uint8Array, total: number): Uint8Array {
  return concatBytes(...Array.from({ length: Math.ceil(total / bytes.length) }, () => bytes))
}

/** Hosts as many as one likes: each a company's address translator, or a botnet. */
function host(n: number): string {
  return `127.0.${1 + (Math.floor(n / 250) % 200)}.${1 + (n % 250)}`
}

/** Sockets that say this and then nothing. */
function silent(perSecond: number, from: (n: number) => string, said: Uint8Array = EMPTY) {
  return (scene: Scene) =>
    scene.every(perSecond, n => {
      const socket = scene.socket(from(n))
      if (said.length > 0) socket.write(said)
    })
}

/** Sends as fast as the socket takes, on `width` sockets, each replaced when it is cut. */
async function pour(scene: Scene, width: number, first: Uint8Array, bytes: Uint8Array): Promise<string> {
  let sent = 0
  let cuts = 0
  const one = async () => {
    while (scene.going()) {
      const socket = scene.socket()
      socket.write(first)
      await poured(scene, socket, () => {
        sent += bytes.length
        return bytes
      })
      cuts++
      await new Promise(resolve => setTimeout(resolve, 20))
    }
  }
  await Promise.all(Array.from({ length: width }, one))
  return `${(sent / 2 ** 20).toFixed(0)} MiB, cut ${cuts} times`
}

async function poured(scene: Scene, socket: net.Socket, next: () => Uint8Array): Promise<void> {
  socket.resume()
  while (scene.going() && !socket.destroyed) {
    if (socket.write(next())) await new Promise(resolve => setImmediate(resolve))
    else await room(socket)
  }
  socket.destroy()
}

function room(socket: net.Socket): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      clearTimeout(late)
      socket.off('drain', done).off('close', done)
      resolve()
    }
    const late = setTimeout(done, 500)
    socket.on('drain', done).on('close', done)
  })
}

/** Full handshakes, each with a key of its own. */
async function handshakes(scene: Scene, width: number): Promise<string> {
  let count = 0
  const one = async () => {
    while (scene.going()) {
      const mouth = await scene.mouth()
      for (let i = 0; i < 10 && scene.going(); i++) {
        const line = await mouth.connect(scene.task.address).catch(() => undefined)
        count++
        if (line) await Promise.race([line.closed, scene.rest(1_000)])
      }
    }
  }
  await Promise.all(Array.from({ length: width }, one))
  return `${count} handshakes`
}

export const atTheDoor: Kind[] = [
  { name: 'tcp-silent-one-host', as: 'stranger', run: silent(100, () => ELSEWHERE) },
  { name: 'tcp-silent-same-host', as: 'stranger', run: silent(15, () => '127.0.0.1') },
  { name: 'tcp-silent-many-hosts', as: 'stranger', run: silent(200, host) },
  {
    name: 'tcp-connect-and-go',
    as: 'stranger',
    run: scene =>
      scene.every(500, n =>
        scene.socket(host(n)).on('connect', function (this: net.Socket) {
          this.destroy()
        })
      )
  },
  { name: 'multistream-silent', as: 'stranger', run: silent(200, host, GREETING) },
  { name: 'noise-silent', as: 'stranger', run: silent(200, host, NOISE) },
  {
    name: 'multistream-dribble',
    as: 'stranger',
    run: scene =>
      scene.every(200, n => {
        const socket = scene.socket(host(n))
        let at = 0
        const drip = setInterval(() => socket.write(NOISE.subarray(at, ++at)), 90)
        socket.on('close', () => clearInterval(drip))
      })
  },
  {
    name: 'multistream-endless-lines',
    as: 'stranger',
    run: scene => pour(scene, 8, GREETING, repeated(line(''), 65_536))
  },
  {
    name: 'multistream-endless-ls',
    as: 'stranger',
    run: scene => pour(scene, 8, GREETING, repeated(line('ls'), 65_536))
  },
  {
    name: 'multistream-long-line',
    as: 'stranger',
    run: scene => pour(scene, 8, GREETING, concatBytes(Uint8Array.of(0xff, 0x7f), new Uint8Array(65_000)))
  },
  {
    name: 'noise-garbage',
    as: 'stranger',
    run: scene =>
      pour(scene, 8, NOISE, concatBytes(Uint8Array.of(0xff, 0xff), new Uint8Array(65_535).fill(7)))
  },
  {
    name: 'noise-unread-bytes',
    as: 'stranger',
    // The handshake waits for the rest of a message; what comes after it is read all the same.
    run: scene => pour(scene, 32, concatBytes(NOISE, Uint8Array.of(0, 32)), new Uint8Array(65_536))
  },
  {
    name: 'other-protocols',
    as: 'stranger',
    run: scene => pour(scene, 8, utf8('GET / HTTP/1.1\r\n\r\n'), new Uint8Array(65_536).fill(22))
  },
  { name: 'identities', as: 'stranger', run: scene => handshakes(scene, 20) },
  { name: 'identities-invited', as: 'invited', run: holdConnections },
  { name: 'hellos-invited', as: 'invited', cut: [], run: guessInvites }
]

/** Many keys, each with a connection that it keeps: every place that the node has is taken, if it lets them. */
async function holdConnections(scene: Scene): Promise<string> {
  let open = 0
  const one = async () => {
    while (scene.going()) {
      const mouth = await scene.mouth()
      const line = await mouth.connect(scene.task.address).catch(() => undefined)
      if (line) {
        open++
        await Promise.race([line.closed, scene.rest()])
      }
      await mouth.stop()
      await scene.rest(100)
    }
  }
  await Promise.all(Array.from({ length: 70 }, one))
  return `${open} connections`
}

/** Strangers that say hello as a company of their own, with a proof of nothing. */
async function guessInvites(scene: Scene): Promise<string> {
  let hellos = 0
  const company = scene.company()
  const one = async () => {
    while (scene.going()) {
      const mouth = await scene.mouth()
      const talk = await mouth.talk(scene.task.address).catch(() => undefined)
      while (talk?.isOpen() && scene.going()) {
        hellos++
        const { did } = company.identity
        const forged = {
          did: `${did}${hellos}`,
          certificate: company.nodeCertificate,
          version: company.identity.head
        }
        await talk.say({ type: 'hello', ...forged, confirmed: true, invite: scene.random.bytes(32) })
      }
      await mouth.stop()
    }
  }
  await Promise.all(Array.from({ length: 8 }, one))
  return `${hellos} hellos`
}
