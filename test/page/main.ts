// node scripts/run.cjs test/page/main.ts [--shots FOLDER] [--only TEXT]: the page in a real browser. Exit code 0: it does what it
// says; 1: it does not; 3: NOT RUN, since no Chromium is here.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Browser, type Look, type Visit, drop, findChromium, pickFromDisk, verdictIn } from './browser.ts'
import { MARKUP, SAMPLES, TRUST } from './samples.ts'

const NOT_RUN = 3
/** People take a page that stands still for longer for dead. */
const STILL_MS_MAX = 1000

const { values } = parseArgs({
  options: {
    /** Where pictures of the page go. */
    shots: { type: 'string' },
    /** Scenes whose name has this. */
    only: { type: 'string', default: '' }
  }
})

type Scene = [name: string, play: (visit: Visit) => Promise<void>, look?: Look]

const unpinned: Scene[1] = async ({ page }) => {
  await drop(page, { 'a-decision.json': SAMPLES.approved })
  const verdict = await verdictIn(page)
  assert.match(verdict, /^VERIFIED, BUT UNPINNED APPROVED: option 1, The short one/)
  assert.match(verdict, /names acme GmbH, borealis GmbH, cobalt GmbH, dorado GmbH\./)
  assert.equal(await page.locator('.pin.unpinned').count(), 4)
  assert.equal(await page.locator('.checks li').count(), 5)
  const picture = page.getByRole('img')
  assert.match(
    (await picture.textContent()) ?? '',
    /for option 1: 6; against: 2; abstained: 2\. Of 10; 6 needed/
  )
  const all = await page.locator('#result').innerText()
  for (const word of ['Near misses have no kind', 'Add one for near misses', 'HRB acme', 'did:webvh:'])
    assert.ok(all.includes(word), word)
}

const scenes: Scene[] = [
  ['a decision without trust is unpinned, and shown in full', unpinned],
  ['the same on a narrow screen, in the dark', unpinned, { width: 380, colorScheme: 'dark' }],
  ['the same in the dark', unpinned, { colorScheme: 'dark' }],
  ['the same on a narrow screen', unpinned, { width: 380 }],
  ['a browser without workers comes to the same', unpinned, { before: 'delete globalThis.Worker' }],
  [
    'a browser that refuses to start a worker comes to the same',
    unpinned,
    {
      before: `globalThis.Worker = class extends EventTarget {
        terminate() {}
        postMessage() { setTimeout(() => this.dispatchEvent(new Event('error', { cancelable: true }))) }
      }`
    }
  ],
  [
    'a browser that is too old says so, and nothing about the file',
    async ({ page }) => {
      await drop(page, { 'a.json': SAMPLES.approved })
      assert.match(await verdictIn(page), /^NOT CHECKED The page failed, and says nothing about the file/)
    },
    { before: 'delete globalThis.Worker; delete Map.groupBy' }
  ],
  [
    'with trust in all companies it is verified, and without it no more',
    async ({ page }) => {
      await drop(page, { 'trust.txt': TRUST.all, 'a.json': SAMPLES.approved })
      assert.match(await verdictIn(page), /^VERIFIED APPROVED: .* you trust all 4 companies/)
      assert.equal(await page.locator('.pin.pinned').count(), 4)
      await page.locator('#forget').click()
      await page.getByText('VERIFIED, BUT UNPINNED').waitFor()
    }
  ],
  [
    'with trust in one it names the others; files can be picked',
    async ({ page }) => {
      const pick = async (input: string, name: string, text: string) =>
        page.locator(input).setInputFiles({ name, mimeType: 'text/plain', buffer: Buffer.from(text) })
      await pick('#file', 'a.json', SAMPLES.approved)
      await page.getByText('VERIFIED, BUT UNPINNED').waitFor()
      await pick('#trust', 'trust.txt', TRUST.some)
      await page.locator('.pin.pinned').waitFor()
      const verdict = await verdictIn(page)
      assert.match(verdict, /names borealis GmbH, cobalt GmbH, dorado GmbH\./)
      await pick('#trust', 'trust.txt', TRUST.wrong)
      await page.getByText('TRUST FILE NOT READ').waitFor()
      assert.match(await verdictIn(page), /line 1: Acme GmbH is no did/)
    }
  ],
  [
    'a forged one is refused, with code, reason and next step',
    async ({ page }) => {
      await drop(page, { 'forged.json': SAMPLES.forged })
      const verdict = await verdictIn(page)
      assert.match(verdict, /^REFUSED certificate-outcome, rule DEC-24 This is not what anybody signed\./)
      assert.match(verdict, /Next: It is damaged, forged, or another kind of file/)
      assert.equal(await page.locator('section').count(), 0)
    }
  ],
  [
    'what is neither a decision nor trust is refused as a file, not as trust',
    async ({ page }) => {
      await drop(page, { 'contract.pdf': '%PDF-1.7' })
      assert.match(await verdictIn(page), /^REFUSED jcs-syntax/)
      await drop(page, { 'nothing.json': '' })
      assert.match(await verdictIn(page), /^REFUSED jcs-syntax/)
      await page.locator('#file').setInputFiles({
        name: 'dear.txt',
        mimeType: 'text/plain',
        buffer: Buffer.from('dear all')
      })
      await page.getByText('checked: dear.txt').waitFor()
      assert.match(await verdictIn(page), /^REFUSED jcs-syntax/)
    }
  ],
  [
    'what a hostile author wrote stays text, in its own direction',
    async ({ page }) => {
      await drop(page, { [`${MARKUP}.json`.replaceAll('/', '')]: SAMPLES.hostile })
      assert.match(await verdictIn(page), /^VERIFIED, BUT UNPINNED/)
      const all = await page.locator('body').innerText()
      assert.ok(all.includes(MARKUP), 'the markup is shown')
      assert.equal(await page.locator('img').count(), 0)
      assert.equal(await page.title(), 'Verify a decision')
      assert.ok(all.includes('approved \ufffd\ufffddetcejer'), 'what turns text around is seen')
      // In what tooltips and screen readers say, too.
      const markup = await page.locator('main').innerHTML()
      for (const hidden of ['\u202e', '\u2066', '\u0007']) assert.ok(!markup.includes(hidden))
      assert.equal(await page.locator('th[title^="approved \ufffd"]').count(), 4)
    }
  ],
  [
    'a proof says whose key said two things',
    async ({ page }) => {
      await drop(page, { 'proof.json': SAMPLES.proof })
      assert.match(
        await verdictIn(page),
        /^VERIFIED, BUT UNPINNED The key of the CTO of acme GmbH has signed two/
      )
      await drop(page, { 'trust.txt': TRUST.accused })
      await page.locator('.verdict.good').waitFor()
    }
  ],
  [
    'a file larger than any certificate is refused unread, and nothing of the one before is left',
    async ({ page }) => {
      await drop(page, { 'a.json': SAMPLES.approved })
      await verdictIn(page)
      await drop(page, { 'large.json': SAMPLES.large })
      await page.getByText('REFUSED').waitFor()
      assert.match(await verdictIn(page), /^REFUSED jcs-size/)
      await drop(page, { 'trust.txt': TRUST.all })
      await page.locator('#forget').waitFor()
      await page.locator('#verdict:empty').waitFor({ state: 'attached' })
    }
  ],
  [
    'a file that cannot be read leaves no verdict about another',
    async ({ page }) => {
      await drop(page, { 'good.json': SAMPLES.approved })
      await page.getByText('VERIFIED, BUT UNPINNED').waitFor()
      await drop(page, { 'slow.json': SAMPLES.forged })
      await page.getByText('Checking slow.json').waitFor()
      assert.equal((await page.locator('.verdict').count()) + (await page.locator('section').count()), 0)
      await drop(page, { 'gone.json': SAMPLES.forged })
      assert.match(await verdictIn(page), /^FILE NOT READ gone\.json was moved or changed/)
      await page.evaluate('release()')
      await page.evaluate('new Promise(resolve => setTimeout(resolve))')
      assert.match(await verdictIn(page), /^FILE NOT READ gone\.json/)
    },
    {
      before: `const { arrayBuffer } = File.prototype
        File.prototype.arrayBuffer = function () {
          if (this.name === 'slow.json')
            return new Promise(resolve => (globalThis.release = () => resolve(arrayBuffer.call(this))))
          if (this.name === 'gone.json') return Promise.reject(new DOMException('gone', 'NotReadableError'))
          return arrayBuffer.call(this)
        }`
    }
  ],
  [
    '32 companies, a thousand signatures in a row, and a file as large as may be leave the page awake',
    async ({ page }) => {
      await pickFromDisk(page, SAMPLES.many)
      assert.match(await verdictIn(page), /^VERIFIED, BUT UNPINNED APPROVED: option 2/)
      assert.equal(await page.locator('.pin').count(), 32)
      await pickFromDisk(page, SAMPLES.slow)
      assert.match(await verdictIn(page), /^REFUSED certificate-missing/)
      await pickFromDisk(page, SAMPLES.long)
      await page.getByText('REFUSED').waitFor()
      const stillMs = (await page.evaluate('standstill()')) as number
      assert.ok(stillMs > 0 && stillMs < STILL_MS_MAX, `the page stood still for ${stillMs} ms`)
    },
    {
      // The longest time between two turns of the page, the one after now included.
      before: `let [longest, last] = [0, performance.now()]
        const turn = () => {
          const now = performance.now()
          longest = Math.max(longest, now - last)
          last = now
        }
        setInterval(turn, 20)
        globalThis.standstill = () => new Promise(resolve => setTimeout(() => { turn(); resolve(longest) }))`
    }
  ],
  [
    'the page prints the digest that its policy lets run',
    async ({ page }) => {
      const digest = Buffer.from(await page.locator('#digest').innerText(), 'hex').toString('base64')
      const policy = await page.locator('meta[http-equiv]').getAttribute('content')
      assert.ok(policy?.includes(`script-src 'sha256-${digest}'`))
    }
  ]
]

async function play(browser: Browser, [name, scene, look]: Scene): Promise<boolean> {
  const visit = await browser.visit(look)
  try {
    await scene(visit)
    assert.deepEqual(visit.requests, [], 'the page asked a network')
    assert.deepEqual(visit.complaints, [], 'the browser complained')
    if (values.shots !== undefined)
      await visit.page.screenshot({
        path: join(values.shots, `${name.replaceAll(/\W+/g, '-')}.png`),
        fullPage: true
      })
    console.log(`ok   ${name}`)
    return true
  } catch (error) {
    console.log(`FAIL ${name}\n${String(error)}`)
    return false
  } finally {
    await visit.page.close()
  }
}

async function main(): Promise<number> {
  const program = findChromium()
  if (program === undefined) {
    console.log('NOT RUN: no chromium is on this machine')
    return NOT_RUN
  }
  const browser = await Browser.open(program)
  try {
    let failed = 0
    const played = scenes.filter(([name]) => name.includes(values.only))
    for (const scene of played) if (!(await play(browser, scene))) failed++
    console.log(`${played.length - failed} scenes as they should be, ${failed} not`)
    return failed === 0 ? 0 : 1
  } finally {
    await browser.close()
  }
}

process.exitCode = await main()
