// How names and times are spelt in signed documents. protocols/identity, section 4.

/**
 * Text that a person will read next to a signature: no control characters, and none that turn the
 * reading direction around. By explicit ranges, since Unicode categories and normal forms change with
 * the version of the library, and a verdict must not. IDN-17.
 */
export function isName(text: string, charsMax: number): boolean {
  return text.length > 0 && text.length <= charsMax && text.trim() === text && !HIDDEN.test(text)
}

// oxlint-disable-next-line no-control-regex -- control characters are what this refuses
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/

/** `2026-01-31T08:00:00Z`: UTC, whole seconds, the years 0000 to 9999. */
export function printTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19)}Z`
}

/** @returns milliseconds since 1970, or `undefined` unless `text` is what {@link printTime} prints. */
export function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text)) return undefined
  const timeMs = Date.parse(text)
  return !Number.isNaN(timeMs) && printTime(timeMs) === text ? timeMs : undefined
}
