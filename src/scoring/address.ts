// Sentences that speak to whoever judges and not to whoever decides. protocols/scoring, SCO-13. A list of words
// catches those who do not try hard; what it misses, other defences may catch, and none of them is proof.

const ASKS = [
  // The judge, named, or told what to do.
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|rubric|anchor|criteri|guideline|above|previous|prior|context)/,
  /\bas an? (?:ai|a\.i\.|language model|assistant|evaluator|scorer|grader|impartial)\b/,
  /\b(?:you are (?:now )?|act as |pretend (?:to be|you)|role-?play)\b.{0,40}\b(?:ai|a\.i\.|assistant|model|judge|doctor|evaluator|scorer|grader|reviewer|expert|advocate|character)\b/,
  /\b(?:decode|decipher|read backwards|translate)\b.{0,30}\b(?:follow|obey|execute|apply)\b/,
  /\b(?:evaluator|grader|scorer|judge|llm|language model|ai (?:model|system|reviewer))s?\b.{0,60}\b(?:must|should|shall|will|is to|are to|please|need to|has to|note)\b/,
  /\b(?:dear|attention|note to|message (?:to|for)|instructions? (?:to|for))\b.{0,20}\b(?:ai|evaluator|grader|scorer|judge|model|assistant|reviewer|llm)\b/,
  /\b(?:system|developer|assistant)\s*(?:prompt|message|note|override|update|instruction|:)/,
  // The answer, dictated.
  /\b(?:score|rate|grade|mark|rank|award|assign|give|output|answer|respond|return|print|reply)\b.{0,40}\b(?:[0-5]|five|zero|full|highest|maximum|top|best|perfect|lowest|max)\b.{0,20}\b(?:score|mark|rating|grade|points?|out of|level|on every|for (?:all|each|every))\b/,
  /\b(?:score|rating|grade|level)\b\s*(?:of|is|:|=|must be|should be|equals)\s*"?(?:[0-5]|five|zero|the (?:highest|maximum|lowest))\b/,
  /\b(?:full|highest|maximum|top|perfect)\s+(?:marks?|scores?|ratings?|grades?)\b/,
  /"(?:score|unsure|evidence|reason|facts|kind|quote)"\s*:/,
  /\b(?:level|anchor|score)s?\s+[0-5]\s+(?:means|is defined|now|shall|=)/,
  // The context, asked for.
  /\b(?:reveal|repeat|print|quote|copy|include|disclose|output|summari[sz]e|leak|tell)\b.{0,30}\b(?:(?:your|confidential|private) (?:context|notes|prompt|instructions|vision)|system prompt)\b/,
  // The same in some other languages, without their accents.
  /\b(?:ignoriere?n?|missachte|vergiss)\b.{0,40}\b(?:anweisung|regel|vorgabe|oben)|\b(?:bewerte|vergib|gib)\b.{0,40}(?:punkt|note|hochst|5|funf)/,
  /\b(?:ignore[zr]?|oublie[zr]?)\b.{0,40}\b(?:instruction|consigne|regle)|\b(?:notez?|attribue[zr]?|donne[zr]?)\b.{0,40}\b(?:maximal|5|cinq)/,
  /\b(?:ignora|ignore|olvida|dimentica|esqueca)\b.{0,40}\b(?:instruccion|istruzion|instruco|regla|regol|regra)|\b(?:puntua|califica|valuta|assegna|otorga|atribua)\b.{0,40}\b(?:5|cinco|cinque|maxim|massim)/,
  /\b(?:zignoruj|pomin)\b.{0,40}\b(?:polecen|instrukcj)|\bnegeer\b.{0,40}\binstructies/,
  /(?:игнорируи|забудь).{0,40}(?:инструкц|указан)|(?:поставь|дай|оцени).{0,40}(?:оценк|балл|5)/,
  /忽略.{0,20}(?:指令|指示|说明|规则)|(?:评分|打分|给出).{0,12}(?:5|五|满分|最高)/
] // prettier-ignore

/** @param text as it comes out of the sanitiser */
export function addressesJudge(text: string): boolean {
  const plain = text.toLowerCase().replace(/\s+/g, ' ')
  const bare = bareLetters(text)
  return ASKS.some(ask => ask.test(plain) || ask.test(bare))
}

/** Whether any sentence of a whole text does. Over the whole, the start of one sentence would go with the end of another. */
export function hasAddress(text: string): boolean {
  return text.split(/\n+|(?<=[.!?。])\s*/).some(addressesJudge)
}

/** Letters of other scripts that look like Latin ones, for words that have both; and digits that stand for letters. */
const LOOKS_LIKE: Readonly<Record<string, string>> = {
  а: 'a', в: 'b', е: 'e', к: 'k', м: 'm', н: 'h', о: 'o', р: 'p', с: 'c', т: 't', у: 'y', х: 'x', і: 'i', ј: 'j', ѕ: 's',
  α: 'a', β: 'b', ε: 'e', η: 'n', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u', χ: 'x',
  0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't'
} // prettier-ignore

function bareLetters(text: string): string {
  const joined = text.replace(/(?<!\p{L})(?:\p{L} ){3,}\p{L}(?!\p{L})/gu, spaced =>
    spaced.replaceAll(' ', '')
  )
  const marked = joined
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '')
    .toLowerCase()
  const words = marked.replace(/[\p{L}\p{N}]+/gu, word => (/[a-z]/.test(word) ? latin(word) : word))
  return words.replace(/\s+/g, ' ')
}

function latin(word: string): string {
  return word.replace(/[^a-z]/gu, letter => LOOKS_LIKE[letter] ?? letter)
}
