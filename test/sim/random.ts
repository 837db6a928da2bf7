// Chance in a history: what a sandbox needs of it, and choices.
import { Random as Plain } from '../../src/sandbox/random.ts'

export class Random extends Plain {
  chance(probability: number): boolean {
    return this.unit() < probability
  }

  /** One of the values, each as often as its weight says. */
  weighted<T>(choices: readonly (readonly [number, T])[]): T {
    let at = this.below(choices.reduce((sum, [weight]) => sum + weight, 0))
    for (const [weight, value] of choices) if ((at -= weight) < 0) return value
    throw new RangeError('no weights')
  }

  /** The same items in another order. */
  shuffled<T>(items: readonly T[]): T[] {
    const out = [...items]
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1)
      ;[out[i], out[j]] = [out[j] as T, out[i] as T]
    }
    return out
  }
}
