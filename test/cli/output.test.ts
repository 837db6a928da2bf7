// What others wrote reaches no terminal as more than text, whichever way it is said.
import { afterEach, expect, it, vi } from 'vitest'
import { Output } from '../../src/cli/output.ts'
import { NodeError } from '../../src/wire/node-error.ts'

afterEach(() => void vi.restoreAllMocks())

it('no control character of theirs is in a remark, a warning, a failure or a line of progress', () => {
  const written: string[] = []
  vi.spyOn(process.stderr, 'write').mockImplementation(text => written.push(String(text)) > 0)
  vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(60_000)
  const output = new Output({ json: false, quiet: false })
  const hostile = 'Acme\u001b]0;owned\u0007\u202e\u009b2J'
  const progress = output.progress(hostile)
  progress.at(hostile)
  output.note(hostile)
  output.warn(hostile)
  output.failure(new NodeError('waits', hostile, hostile))
  expect(written).toHaveLength(4)
  // oxlint-disable-next-line no-control-regex -- what must not be there
  for (const text of written) expect(text).not.toMatch(/[\u0007\u009b\u202e]|\u001b\]/)
})
