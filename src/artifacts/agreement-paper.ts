// The page of an agreement for paper: the same words as the Markdown that is approved, with its digests and room to
// sign by hand. One file without scripts or anything from elsewhere.
import type { TermsBody } from './agreement-terms.ts'

export interface Paper {
  terms: TermsBody
  /** The Markdown that pageOf makes of the terms. */
  page: string
  /** SHA-256 of the page, hexadecimal. */
  rendering: string
  /** Revision id, hexadecimal. */
  revision: string
  /** Nobody has proposed it: it is a print of a draft. */
  draft: boolean
}

export function paperOf({ terms, page, rendering, revision, draft }: Paper): string {
  const title = escapeHtml(terms.title)
  const note = draft
    ? '<p class="draft">Draft. Nobody has been asked to approve this, and it binds nobody.</p>'
    : ''
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}, revision ${terms.number}</title>
<style>${STYLE}</style>
</head>
<body>
${note}
${bodyOf(page)}
<section class="sign">
<h2>Signatures</h2>
<p>The parties approve revision <code>${revision}</code>. What stands above is its page, of which SHA-256 is
<code>${rendering}</code>.</p>
${terms.parties.map(signature).join('\n')}
</section>
<footer>Revision <code>${revision}</code><br>Page <code>${rendering}</code></footer>
</body>
</html>
`
}

function signature({ name, signatory, capacity }: TermsBody['parties'][number]): string {
  const [company, person, role] = [name, signatory, capacity].map(escapeHtml)
  return `<div class="party"><p>${company}</p>
<p class="line">Place and day</p><p class="line">Signature</p>
<p>${person}, ${role}</p></div>`
}

const STYLE = `
@page { size: A4; margin: 22mm 20mm 26mm }
body { font: 11pt/1.45 serif; max-width: 46em; margin: 0 auto; padding: 1em }
h1, h2, h3 { font-family: sans-serif; line-height: 1.2; break-after: avoid }
table { border-collapse: collapse; width: 100% }
td { border-top: 1px solid #bbb; padding: .2em .5em .2em 0; vertical-align: top }
td:first-child { width: 30%; color: #444 }
blockquote { margin: .5em 0; padding-left: 1em; border-left: 3px solid #bbb }
code { font-size: 80%; overflow-wrap: anywhere }
.draft { border: 2px solid; padding: .5em; text-align: center }
.sign { break-before: page }
.party { break-inside: avoid; margin: 2em 0 }
.line { border-bottom: 1px solid; height: 3em; color: #444; font-size: 80% }
footer { border-top: 1px solid #bbb; font-size: 80%; color: #444 }
`

/** Only what pageOf writes is Markdown here: it escapes everything that a party wrote. */
function bodyOf(page: string): string {
  return page.trimEnd().split('\n\n').map(block).join('\n')
}

function block(text: string): string {
  const lines = text.split('\n')
  const [first = ''] = lines
  const [, marks = '', heading = ''] = /^(#{1,3}) (.*)$/.exec(first) ?? []
  if (marks !== '') return `<h${marks.length}>${inline(heading)}</h${marks.length}>`
  if (first.startsWith('| ')) return table(lines.slice(2))
  if (first.startsWith('- '))
    return `<ul>\n${lines.map(line => `<li>${inline(line.slice(2))}</li>`).join('\n')}\n</ul>`
  if (first.startsWith('>'))
    return `<blockquote>${lines.map(line => inline(line.replace(/^> ?/, ''))).join('<br>\n')}</blockquote>`
  return `<p>${inline(text)}</p>`
}

function table(rows: string[]): string {
  // A bar of a party's own has a backslash before it, and one of the table never has.
  const cellsOf = (row: string) => row.slice(2, -2).split(/ (?<!\\)\| /)
  const cells = (row: string) => cellsOf(row).map(cell => `<td>${inline(cell)}</td>`)
  return `<table>\n${rows.map(row => `<tr>${cells(row).join('')}</tr>`).join('\n')}\n</table>`
}

/** What a backslash stands before is the character itself; the page's own code is in backticks. */
function inline(text: string): string {
  return text.replaceAll(
    /`([^`]*)`|\\([^])|([^`\\]+)/g,
    (_, code?: string, escaped?: string, plain?: string) => {
      return code === undefined ? escapeHtml(escaped ?? plain ?? '') : `<code>${escapeHtml(code)}</code>`
    }
  )
}

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, character => `&#${character.codePointAt(0)};`)
}
