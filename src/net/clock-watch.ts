// Notices that this process did not run for a while: stopped, starved, or on a machine that slept.
// Pure: both clocks are passed in. The monotonic one stands still while a machine sleeps, the wall clock does not.
import { LATE_TICK_MS, TICK_MS } from './limits.ts'

export class ClockWatch {
  #monotonicMs: number
  #wallMs: number

  constructor(monotonicMs: number, wallMs: number) {
    this.#monotonicMs = monotonicMs
    this.#wallMs = wallMs
  }

  /** To be called every `TICK_MS`. The time that was lost, or 0. A clock set forward by hand looks the same. */
  tick(monotonicMs: number, wallMs: number): number {
    const passed = Math.max(monotonicMs - this.#monotonicMs, wallMs - this.#wallMs)
    this.#monotonicMs = monotonicMs
    this.#wallMs = wallMs
    return passed > TICK_MS + LATE_TICK_MS ? passed - TICK_MS : 0
  }
}
