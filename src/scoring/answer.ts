// The JSON in what a model wrote. protocols/scoring, SCO-8: a fence around it is let pass, prose is no answer.
import type { z } from 'zod'

const FENCED = /^```(?:json)?\s*([\s\S]*?)\s*```$/

/** Members that the schema does not name are left out. */
export function readAnswer<T>(schema: z.ZodType<T>, written: string): T | undefined {
  const plain = written.trim()
  try {
    const parsed = schema.safeParse(JSON.parse(FENCED.exec(plain)?.[1] ?? plain))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
