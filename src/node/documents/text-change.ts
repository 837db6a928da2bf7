// The difference between two texts as edits, each at its place in the text as the edits before left it.
import diff from 'fast-diff'

export interface TextChange {
  at: number
  deleted: number
  inserted: string
}

/** Beyond this the difference is one replacement: the search for a smaller one grows with its square. */
const DIFF_CHARS_MAX = 200_000

export function textChanges(before: string, after: string): TextChange[] {
  if (before === after) return []
  let start = 0
  const most = Math.min(before.length, after.length)
  while (start < most && before[start] === after[start]) start++
  let end = 0
  while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end++
  // Never between the halves of a surrogate pair: Yjs would replace both.
  if (start > 0 && isHigh(before.charCodeAt(start - 1))) start--
  if (end > 0 && isLow(before.charCodeAt(before.length - end))) end--
  const [old, fresh] = [before.slice(start, before.length - end), after.slice(start, after.length - end)]
  if (old.length + fresh.length > DIFF_CHARS_MAX) return [{ at: start, deleted: old.length, inserted: fresh }]
  return steps(old, fresh, start)
}

function steps(old: string, fresh: string, start: number): TextChange[] {
  const changes: TextChange[] = []
  let at = start
  for (const [kind, text] of diff(old, fresh)) {
    if (kind === diff.EQUAL) at += text.length
    else {
      const deleted = kind === diff.DELETE ? text.length : 0
      changes.push({ at, deleted, inserted: kind === diff.INSERT ? text : '' })
      if (kind === diff.INSERT) at += text.length
    }
  }
  return changes
}

function isHigh(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00
}

function isLow(unit: number): boolean {
  return unit >= 0xdc00 && unit < 0xe000
}
