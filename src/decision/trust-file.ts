// The companies that a reader trusts: one did a line, for those who verify a certificate. protocols/decision, DEC-26.

/** @returns the dids, or the first line that is none, as people count lines. */
export function parseTrust(text: string): { dids: string[] } | { line: number; wrong: string } {
  const dids: string[] = []
  for (const [i, typed] of text.split('\n').entries()) {
    const line = (typed.split('#')[0] ?? '').trim()
    if (line === '') continue
    if (!/^did:webvh:\S+$/.test(line)) return { line: i + 1, wrong: line }
    dids.push(line)
  }
  return { dids }
}
