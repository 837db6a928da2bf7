// Stands between our scorer and a real server, passes everything on as it is, and keeps what was said both ways.
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Heard {
  path: string
  request: string
  status: number
  answer: string
}

export interface Recorder {
  host: string
  heard: Heard[]
  close(): Promise<void>
}

export async function openRecorder(url: string): Promise<Recorder> {
  const heard: Heard[] = []
  const server = http.createServer((request, response) => {
    const one: Heard = { path: request.url ?? '', request: '', status: 0, answer: '' }
    heard.push(one)
    const { method = 'GET', headers } = request
    const onward = http.request(new URL(one.path, url), {
      method,
      agent: false,
      headers: { ...headers, host: new URL(url).host }
    })
    request.on('data', (piece: Buffer) => (one.request += piece.toString('latin1')))
    request.pipe(onward)
    onward.once('response', answer => {
      one.status = answer.statusCode ?? 0
      response.writeHead(one.status, answer.headers)
      answer.on('data', (piece: Buffer) => (one.answer += piece.toString('latin1')))
      answer.pipe(response)
    })
    // Whoever goes away is gone for the server, too.
    response.once('close', () => onward.destroy())
    onward.on('error', () => response.destroy())
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  }
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, heard, close }
}
