// What others wrote, shown as text: no control character of theirs reaches a terminal or turns a page around.

/** Control characters other than line feed and tab, and those that turn the reading direction around. */
// oxlint-disable-next-line no-control-regex -- control characters are what this removes
const UNSAFE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** Several lines of foreign text, safe to show. */
export function visible(text: string): string {
  return text.replace(UNSAFE, '\ufffd')
}

/** Foreign text in one line. */
export function inline(text: string): string {
  return visible(text).replaceAll(/\s*[\n\t]\s*/g, ' ')
}
