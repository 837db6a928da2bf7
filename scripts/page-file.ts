// Makes the page for those who have no node: one HTML file with the node's own verifier in it. The same source gives
// the same bytes.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Plugin, rolldown } from 'rolldown'
import { toBase64 } from '../src/wire/base64.ts'
import { utf8 } from '../src/wire/bytes.ts'
import { sha256 } from '../src/wire/hash.ts'

const ROOT = new URL('../', import.meta.url)
const pathOf = (name: string) => fileURLToPath(new URL(name, ROOT))
/** With the line ends that a browser makes of them, or the digests would be of something else. */
const read = (name: string) => readFileSync(pathOf(name), 'utf8').replaceAll('\r\n', '\n')

/** What a browser has not, and what stands in its place. Nothing else of the core is exchanged. */
const PORTABLE: Plugin = {
  name: 'portable',
  resolveId(source) {
    if (source === 'node:crypto') return pathOf('src/page/portable-crypto.ts')
    if (source === './ed25519-backend.ts') return pathOf('src/page/portable-backend.ts')
    if (source.startsWith('node:')) throw new Error(`the page would need ${source}, which no browser has`)
    return null
  }
}

/** @returns the script of the page and of its worker, and the folders of packages of others that are in it */
async function bundle(): Promise<{ script: string; packages: string[] }> {
  const build = await rolldown({
    input: pathOf('src/page/main.ts'),
    cwd: pathOf('.'),
    platform: 'browser',
    plugins: [PORTABLE],
    transform: {
      target: 'es2022',
      inject: { Buffer: [pathOf('src/page/portable-buffer.ts'), 'Buffer'] }
    },
    onLog(_, { message }) {
      throw new Error(message)
    }
  })
  const { output } = await build.generate({ format: 'iife', minify: true, comments: false })
  await build.close()
  const [chunk, ...more] = output
  if (more.length > 0) throw new Error('the page is one script, and no more')
  // Either would end the script, or what the browser takes for it, before its end.
  if (/<\/script|<!--/i.test(chunk.code)) throw new Error('the script holds what ends a script')
  const folders = Object.entries(chunk.modules)
    .filter(([, { renderedLength }]) => renderedLength > 0)
    .flatMap(([path]) => /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(path) ?? [])
  return { script: chunk.code.trim(), packages: [...new Set(folders)].sort() }
}

/** What the licences of those packages ask to be kept with them. */
function noticesOf(packages: string[]): string {
  const notices = packages.map(folder => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
      [member: string]: string
    }
    const file = readdirSync(folder).find(entry => /^licen[cs]e(?:-mit)?(?:\.\w+)?$/i.test(entry))
    if (file === undefined) throw new Error(`${name} has no licence to keep with the page`)
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return notices.join('\n').replaceAll('\r', '').replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function hashOf(text: string): string {
  return `'sha256-${toBase64(sha256(utf8(text)))}'`
}

function policyOf(script: string, style: string): string {
  return [
    `default-src 'none'`,
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    // The worker is made of the script's own text.
    'worker-src blob:',
    `base-uri 'none'`,
    `form-action 'none'`,
    `require-trusted-types-for 'script'`,
    'trusted-types parley-worker'
  ].join('; ')
}

/** @returns the page, and the script in it */
export async function makePage(): Promise<{ page: string; script: string }> {
  const { script, packages } = await bundle()
  const style = read('src/page/page.css')
  const { version } = JSON.parse(read('package.json')) as { version: string }
  const page = read('src/page/page.html')
    .replaceAll('{{policy}}', () => policyOf(script, style))
    .replaceAll('{{version}}', () => version)
    .replace('{{notices}}', () => noticesOf(packages))
    .replace('<style></style>', () => `<style>${style}</style>`)
    .replace('<script></script>', () => `<script>${script}</script>`)
  return { page, script }
}
