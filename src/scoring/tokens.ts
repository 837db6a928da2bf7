// How many tokens a text may have, without the tokenizer of a model that is not known. protocols/scoring, SCO-6.

/** Characters of running text to a token; the common ones have 4 and more for English, 3.5 for German. */
const LETTERS_PER_TOKEN = 3.2

/**
 * More than the common tokenizers make of prose, tables and code in Latin script; of other scripts a token for every
 * two bytes. Text made to be dear can have one for each byte: then the server refuses it, and no text is cut.
 */
export function tokensAtMost(text: string): number {
  let letters = 0
  let others = 0
  for (const character of text) {
    const code = character.codePointAt(0) as number
    if (code > 0x7f) others += bytesOf(code) / 2
    else if (isLetterOrSpace(code)) letters++
    else others++
  }
  return Math.ceil(letters / LETTERS_PER_TOKEN + others)
}

/**
 * A token never spans two words: who read fewer has not read all. One in ten is left out, for joined spellings. The
 * escapes of JSON are no words: whoever fills a text with line ends would have us think that it was cut.
 */
export function tokensAtLeast(text: string): number {
  const words = text.replace(/\\[a-z]/g, ' ').match(/[A-Za-z]{2,}/g)?.length ?? 0
  return Math.floor(words * 0.9)
}

function bytesOf(code: number): number {
  if (code < 0x800) return 2
  return code < 0x10000 ? 3 : 4
}

function isLetterOrSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a)
}
