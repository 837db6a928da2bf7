// Virtual time: whatever waits happens in its order, and no faster or slower for it.

interface Timer {
  at: number
  order: number
  work: () => void
}

export class Clock {
  nowMs: number
  #timers: Timer[] = []
  #order = 0

  constructor(startMs: number) {
    this.nowMs = startMs
  }

  later(delayMs: number, work: () => void): void {
    this.#push({ at: this.nowMs + delayMs, order: this.#order++, work })
  }

  /** Runs timers until none is due before `untilMs`. @returns how many ran */
  runUntil(untilMs: number): number {
    let ran = 0
    for (let next = this.#timers[0]; next && next.at <= untilMs; next = this.#timers[0]) {
      this.#pop()
      this.nowMs = Math.max(this.nowMs, next.at)
      next.work()
      ran++
    }
    this.nowMs = untilMs
    return ran
  }

  #push(timer: Timer): void {
    const heap = this.#timers
    let i = heap.push(timer) - 1
    while (i > 0) {
      const up = (i - 1) >> 1
      if (before(heap[up] as Timer, timer)) break
      heap[i] = heap[up] as Timer
      i = up
    }
    heap[i] = timer
  }

  #pop(): void {
    const heap = this.#timers
    const last = heap.pop() as Timer
    if (heap.length === 0) return
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child++
      if (before(last, heap[child] as Timer)) break
      heap[i] = heap[child] as Timer
      i = child
    }
    heap[i] = last
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
