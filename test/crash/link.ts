// A line between two nodes that can go dead as a line does: nothing passes and nobody is told. No connection ends, no
// dial is refused; what was under way comes late, once the line is back, as TCP sends it again.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export class Link {
  readonly #server: Server
  readonly #to: number
  readonly #sockets = new Set<Socket>()
  #dead = false
  /** What waits until the line is back. */
  #late: (() => void)[] = []

  private constructor(server: Server, to: number) {
    this.#server = server
    this.#to = to
    server.on('connection', near => {
      this.#add(near)
      this.#pass(() =>
        this.#join(near, this.#add(connect({ port: this.#to, host: '127.0.0.1', allowHalfOpen: true })))
      )
    })
  }

  /** Connections to `port` of the link end at the port `to` of this machine. */
  static async open(to: number): Promise<Link> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    const link = new Link(server, to)
    await once(server.listen(0, '127.0.0.1'), 'listening')
    return link
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  cut(): void {
    this.#dead = true
    for (const socket of this.#sockets) socket.pause()
  }

  heal(): void {
    this.#dead = false
    for (const late of this.#late.splice(0)) late()
    for (const socket of this.#sockets) socket.resume()
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #pass(step: () => void): void {
    if (this.#dead) this.#late.push(step)
    else step()
  }

  #add(socket: Socket): Socket {
    this.#sockets.add(socket)
    socket.on('error', () => undefined) // its close follows
    socket.once('close', () => this.#sockets.delete(socket))
    return socket
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to] of [
      [near, far],
      [far, near]
    ] as const) {
      from.on('data', chunk => {
        if (to.write(chunk)) return
        from.pause()
        to.once('drain', () => this.#pass(() => from.resume()))
      })
      from.once('end', () => this.#pass(() => to.end()))
      from.once('close', () => this.#pass(() => to.destroy()))
    }
    near.resume()
  }
}
