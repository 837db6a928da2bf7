// Sentences that speak to whoever judges and not to whoever decides. protocols/scoring, SCO-13. A list of words
// catches those who do not try hard; what it misses, other defences may catch, and none of them is proof.

const ASKS = [
  // The judge, named, or told what to do.
  /\b(?:ignore|disregard|forget|override|bypass)\b.{0,40}\b(?:instruction|prompt|rule|rubric|anchor|criteri|guideline|above|previous|prior|context)/,
  /\b(?:as an? |you are (?:now )?|act as |pretend (?:to be|you)|role-?play)\b.{0,40}\b(?:ai|a\.i\.|assistant|model|judge|evaluator|scorer|grader|reviewer|expert|advocate|character|chatgpt|dan)\b/,
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
  /\b(?:reveal|repeat|print|quote|copy|include|disclose|output|summari[sz]e|leak|tell)\b.{0,40}\b(?:context|vision|notes|prompt|instruction|private|confidential|secret)/,
  // The same in German, French, Spanish, Italian and Chinese.
  /\b(?:ignoriere?n?|missachte|vergiss)\b.{0,40}\b(?:anweisung|regel|vorgabe|oben)|\b(?:bewerte|vergib|gib)\b.{0,40}\b(?:punkt|note|höchst|5|fünf)/,
  /\b(?:ignore[zr]?|oublie[zr]?)\b.{0,40}\b(?:instruction|consigne|règle)|\b(?:note[zr]?|attribue[zr]?|donne[zr]?)\b.{0,40}\b(?:maximal|5|cinq)/,
  /\b(?:ignora|olvida|dimentica)\b.{0,40}\b(?:instruccion|istruzion|regla|regol)|\b(?:puntúa|califica|valuta|assegna|otorga)\b.{0,40}\b(?:5|cinco|cinque|máxim|massim)/,
  /忽略.{0,20}(?:指令|指示|说明|规则)|(?:评分|打分|给出).{0,12}(?:5|五|满分|最高)/
] // prettier-ignore

/** @param text as it comes out of the sanitiser */
export function addressesJudge(text: string): boolean {
  const plain = text.toLowerCase().replace(/\s+/g, ' ')
  return ASKS.some(ask => ask.test(plain))
}
