// Characters that a reader does not see, named.

/**
 * Control characters, and those that are not seen or turn what is read. As ranges, and not by a property of Unicode,
 * so that an engine with newer tables names the same.
 */
const RANGES =
  '0-1f 7f-9f ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 2028-202e 2060-206f 3164 fe00-fe0f feff ffa0 ' +
  'fff0-fffb 1bca0-1bca3 1d173-1d17a e0000-e0fff'
const UNSEEN = new RegExp(`[${RANGES.replace(/[0-9a-f]+/g, '\\u{$&}').replaceAll(' ', '')}]`, 'gu')

/** Each in its place, as `[U+200B]`. */
export function nameUnseen(text: string): string {
  return text.replace(UNSEEN, character => `[${codePoint(character)}]`)
}

/** Each once, as `U+200B`, in the order of first appearance. */
export function unseenIn(text: string): string[] {
  return [...new Set(text.match(UNSEEN))].map(codePoint)
}

function codePoint(character: string): string {
  const hex = (character.codePointAt(0) as number).toString(16).toUpperCase()
  return `U+${hex.padStart(4, '0')}`
}
