// The page in a real Chromium, opened from the disk as people open it; what it asks of any network is written down.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type BrowserContext, type Page, chromium } from 'playwright-core'
import { makePage } from '../../scripts/page-file.ts'

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome']
const ARGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync'
]

export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const paths = PROGRAMS.flatMap(program => folders.map(folder => join(folder, program)))
  return paths.find(path => existsSync(path) && spawnSync(path, ['--version']).status === 0)
}

export interface Visit {
  page: Page
  /** Addresses that were asked for, the page's own and its worker's left out. */
  requests: string[]
  /** What the browser complained of: errors of the script, and what the page's policy forbade. */
  complaints: string[]
}

export interface Look {
  width?: number
  colorScheme?: 'light' | 'dark'
  /** Runs in the page before its own script. */
  before?: string
}

export class Browser {
  readonly #dir: string
  readonly #context: BrowserContext
  readonly #address: string

  private constructor(dir: string, context: BrowserContext, address: string) {
    this.#dir = dir
    this.#context = context
    this.#address = address
  }

  static async open(program: string): Promise<Browser> {
    const dir = mkdtempSync(join(tmpdir(), 'parley-page-'))
    const file = join(dir, 'verify.html')
    writeFileSync(file, (await makePage()).page)
    const context = await chromium.launchPersistentContext(join(dir, 'profile'), {
      executablePath: program,
      args: ARGS,
      chromiumSandbox: false,
      headless: true
    })
    return new Browser(dir, context, pathToFileURL(file).href)
  }

  async visit({ width = 1280, colorScheme = 'light', before }: Look = {}): Promise<Visit> {
    const page = await this.#context.newPage()
    const [requests, complaints] = [[] as string[], [] as string[]]
    page.on('request', request => {
      if (request.url() !== this.#address && !request.url().startsWith('blob:null/'))
        requests.push(request.url())
    })
    page.on('console', message => complaints.push(message.text()))
    page.on('pageerror', error => complaints.push(error.message))
    page.on('dialog', dialog => complaints.push(dialog.message()))
    await page.setViewportSize({ width, height: 900 })
    await page.emulateMedia({ colorScheme })
    if (before !== undefined) await page.addInitScript(before)
    await page.goto(this.#address)
    return { page, requests, complaints }
  }

  async close(): Promise<void> {
    await this.#context.close()
    rmSync(this.#dir, { recursive: true, force: true })
  }
}

/** Files as they are dropped on the page. */
export async function drop(page: Page, files: { [name: string]: string }): Promise<void> {
  const dropped = Object.entries(files).map(([name, text]) => {
    return { name, mimeType: 'application/octet-stream', buffer: Buffer.from(text) }
  })
  await page.locator('body').drop({ files: dropped })
}

/** A file that the browser reads by itself: nothing of the test then runs in the page. */
export async function pickFromDisk(page: Page, text: string): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'parley-page-file-'))
  try {
    const path = join(dir, 'a-decision.json')
    writeFileSync(path, text)
    await page.locator('#file').setInputFiles(path)
    await page.locator('.verdict').waitFor()
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** The words of the verdict, once there is one. */
export async function verdictIn(page: Page): Promise<string> {
  return (await page.locator('.verdict').innerText({ timeout: 60_000 })).replaceAll(/\s+/g, ' ')
}
