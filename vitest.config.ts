import { defineConfig } from 'vitest/config'

export default defineConfig(({ mode }) => ({
  test: {
    // `--mode long`: what needs a program that not every machine has, for `npm run ci:long`.
    include: [mode === 'long' ? 'test/**/*.long.ts' : 'test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A second, which is the default, is short where other work keeps both cores busy.
    expect: { poll: { timeout: 10_000 } },
    // Two cores: a file for each, and no test that counts on more.
    maxWorkers: 2
  }
}))
