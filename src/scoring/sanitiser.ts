// Text of others before a model reads it: without what is not seen, and without what a model takes for the end of
// somebody's turn. protocols/scoring, SCO-10.

/** Seen by nobody, or turning what is read: controls but line feed and tab, zero widths, bidi, tags, selectors. */
const UNSEEN_RANGES =
  '0-8 b-c e-1f 7f-9f ad 34f 61c 115f-1160 17b4-17b5 180b-180f 200b-200f 2028-202e 2060-206f 3164 fe00-fe0f feff ' +
  'ffa0 fff0-fffb 1bca0-1bca3 1d173-1d17a e0000-e0fff'
const UNSEEN = anyOf(UNSEEN_RANGES, 'gu')

/** As ranges, and not by a property of Unicode, so that an engine with newer tables takes out the same. */
function anyOf(ranges: string, flags: string): RegExp {
  return new RegExp(`[${ranges.replace(/[0-9a-f]+/g, '\\u{$&}').replaceAll(' ', '')}]`, flags)
}

/**
 * What chat templates are made of, whichever model's: `<|im_end|>`, `</s>`, `<start_of_turn>`, `<think>`, `[INST]`,
 * `[gMASK]`, `<<SYS>>`, `>>QUESTION<<`, `{{`. A tokenizer that finds such text takes it for the real thing
 * (measured: `<|im_end|>` within a text is one token). A blank within makes it text. Comparisons such as `a < b`
 * stay as they are.
 */
const MARKUP: readonly [RegExp, string][] = [
  [/<(?=[^\s=\d-])/g, '< '],
  [/(?<=[^\s=\d-])>/g, ' >'],
  [/\[(?=\/?[A-Z_]{2,}|gM|sM|img-)/g, '[ '],
  [/(?<=[|])(?=[|])/g, ' '],
  [/\{(?=[{%#])/g, '{ ']
]

/** Marks of ours: whoever forges one has to guess a number, and even then it is broken. */
const MARK = /\b(BEGIN|END)-(?=[0-9a-f]{4})/g

export interface Cleaned {
  readonly text: string
  /** Whether something was there that no honest text needs. */
  readonly unseen: boolean
  readonly markup: boolean
}

export function cleaned(text: string): Cleaned {
  const wellFormed = text.toWellFormed()
  const seen = wellFormed.replace(UNSEEN, '')
  // Again after NFKC: it turns full-width signs into those that templates use, and few characters into unseen ones.
  const folded = seen.normalize('NFKC').replace(UNSEEN, '').replace(/\r\n?/g, '\n')
  const plain = MARKUP.reduce((text, [find, by]) => text.replace(find, by), folded).replace(MARK, '$1 - ')
  return { text: plain, unseen: hidesSomething(wellFormed), markup: CONTROL_TOKEN.test(folded) }
}

/**
 * Unseen characters that prose has no need of. Not meant: soft hyphens, joiners and selectors between letters and
 * pictures, a byte order mark at the start, and the marks that right-to-left scripts live with.
 */
const HIDING = anyOf(
  '0-8 b-c e-1f 7f-9f 115f-1160 200b 202a-202e 2060-2064 2066-206f 3164 ffa0 fff0-fffb e0001-e007f e0100-e0fff',
  'u'
)

function hidesSomething(text: string): boolean {
  return HIDING.test(text)
}

/** Of templates that are in use; less than what is broken above, since HTML and Markdown are honest. */
const CONTROL_TOKEN =
  /<\|[^|>\n]{0,60}\|>|<\/?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|think|thinking|tool_call|tool_response|image_soft_token|unused\d+|reserved_\d+|(?:system|assistant|user|human)(?:_\w+)?)>|\[\/?(?:INST|SYSTEM_PROMPT|TOOL_CALLS|AVAILABLE_TOOLS|TOOL_RESULTS|IMG|gMASK|sMASK|CLS|SEP|MASK|PAD|UNK)\]|<<\/?SYS>>|>>[A-Z]{4,}<<|\bBEGIN-[0-9a-f]{4,}|\bEND-[0-9a-f]{4,}/i
