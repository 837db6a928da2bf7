// Three texts into one: what we changed from `base` to `ours`, done to `theirs`, which came from the same base.
import diff from 'fast-diff'

/** @returns `theirs` with our insertions where their neighbours now stand, and without what we deleted. */
export function mergeTexts(base: string, ours: string, theirs: string): string {
  if (base === theirs) return ours
  const places = placesIn(base, theirs)
  const gone = new Set<number>()
  const insertions = new Map<number, string>()
  let at = 0
  for (const [kind, text] of diff(base, ours)) {
    if (kind === diff.INSERT) {
      const place = places.insertAt[at] as number
      insertions.set(place, (insertions.get(place) ?? '') + text)
      continue
    }
    for (let i = 0; kind === diff.DELETE && i < text.length; i++) gone.add(places.kept[at + i] as number)
    at += text.length
  }
  let merged = ''
  for (let i = 0; i <= theirs.length; i++) {
    merged += insertions.get(i) ?? ''
    if (i < theirs.length && !gone.has(i)) merged += theirs[i]
  }
  return merged
}

interface Places {
  /** For each unit of the base, where it stands now, or -1. */
  kept: Int32Array
  /** For each gap of the base, before which unit it lies now. */
  insertAt: Int32Array
}

function placesIn(base: string, theirs: string): Places {
  const kept = new Int32Array(base.length).fill(-1)
  const insertAt = new Int32Array(base.length + 1)
  let [from, to] = [0, 0]
  for (const [kind, text] of diff(base, theirs)) {
    if (kind === diff.INSERT) {
      to += text.length
      continue
    }
    for (let i = 0; i < text.length; i++) {
      insertAt[from + i] = kind === diff.EQUAL ? to + i : to
      if (kind === diff.EQUAL) kept[from + i] = to + i
    }
    from += text.length
    if (kind === diff.EQUAL) to += text.length
  }
  insertAt[base.length] = to
  return { kept, insertAt }
}
