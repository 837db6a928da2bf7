// The weights of a decision as a picture: one bar as long as the electorate, the leading option first, so that what
// reaches the mark has enough.
import type { Outcome } from '../decision/outcome.ts'
import { type Child, foreign, html, svg } from './elements.ts'

const [WIDTH, BAR_Y, BAR_HEIGHT] = [640, 30, 44]
/** Narrower than this, a number does not fit. */
const LABEL_WIDTH_MIN = 22

interface Slice {
  kind: string
  name: string
  /** The option's title. */
  title?: string
  weight: number
}

/** @param titles of the options */
export function weightsPicture({ tally, approved }: Outcome, titles: string[]): HTMLElement {
  const slices = slicesOf(tally, titles, approved?.option)
  const shown = slices.filter(({ weight }) => weight > 0)
  const says = shown.map(({ name, weight }) => `${name}: ${weight}`).join('; ')
  const bar = svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${BAR_Y + BAR_HEIGHT + 10}`, role: 'img', 'aria-labelledby': 'weights-says' },
    svg('title', { id: 'weights-says' }, `Weights. ${says}. Of ${tally.of}; ${tally.needed} needed.`),
    ...drawn(shown, tally.of),
    ...mark(tally.needed, tally.of)
  )
  return html('figure', {}, bar, legend(slices))
}

function slicesOf(tally: Outcome['tally'], titles: string[], approved: number | undefined): Slice[] {
  const { approve, reject, abstain, turnout, of } = tally
  const leading = approved ?? approve.indexOf(Math.max(...approve))
  const options = titles.map((title, i) => ({
    kind: i === leading ? 'for' : `other other-${i % 4}`,
    name: `for option ${i + 1}`,
    title,
    weight: approve[i] ?? 0
  }))
  return [
    ...options.filter((_, i) => i === leading),
    ...options.filter((_, i) => i !== leading),
    { kind: 'against', name: 'against', weight: reject },
    { kind: 'abstained', name: 'abstained', weight: abstain },
    { kind: 'silent', name: 'no ballot', weight: of - turnout }
  ]
}

function drawn(slices: Slice[], of: number): Child[] {
  let at = 0
  return slices.flatMap(({ kind, weight }) => {
    const [x, width] = [(at / of) * WIDTH, (weight / of) * WIDTH]
    at += weight
    const shape = { x: `${x}`, y: `${BAR_Y}`, width: `${width}`, height: `${BAR_HEIGHT}`, class: kind }
    const label = { x: `${x + width / 2}`, y: `${BAR_Y + BAR_HEIGHT / 2 + 6}`, class: 'weight' }
    return [svg('rect', shape), width >= LABEL_WIDTH_MIN && svg('text', label, `${weight}`)]
  })
}

/** Where the bar has to reach, and what stands there. */
function mark(needed: number, of: number): Child[] {
  const x = (needed / of) * WIDTH
  const line = { x1: `${x}`, x2: `${x}`, y1: `${BAR_Y - 8}`, y2: `${BAR_Y + BAR_HEIGHT + 8}`, class: 'mark' }
  const anchor = needed * 2 > of ? 'end' : 'start'
  const label = { x: `${x}`, y: '16', class: 'mark-label', 'text-anchor': anchor }
  return [svg('line', line), svg('text', label, `${needed} of ${of} needed`)]
}

function legend(slices: Slice[]): HTMLElement {
  const rows = slices.map(({ kind, name, title, weight }) =>
    html(
      'li',
      {},
      html('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }),
      html('span', {}, `${name}: `, html('strong', {}, `${weight}`), title !== undefined && ' '),
      title !== undefined && foreign(title)
    )
  )
  return html('figcaption', {}, html('ul', { class: 'legend' }, ...rows))
}
