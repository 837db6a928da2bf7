// A port to listen on that nobody else is given meanwhile.
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/**
 * Below the ports that systems give out by themselves: a node that is away for a while finds its own again.
 */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = 15_000 + randomInt(15_000)
    const server = createServer()
    const free = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen(port, '127.0.0.1', () => resolve(true))
    })
    await new Promise(resolve => server.close(resolve))
    if (free) return port
  }
}
