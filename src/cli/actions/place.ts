// `parley paths` and `parley version`: where things are and what this is.
import { homePaths } from '../../node/home/directory.ts'
import type { Cli } from '../cli.ts'
import { EXIT_CODES } from '../exit-codes.ts'
import { facts, table } from '../text.ts'
import { VERSION } from '../version.ts'

export async function paths(cli: Cli): Promise<void> {
  const all = homePaths(cli.home)
  cli.output.answer(all, () => facts(Object.entries(all)))
}

export async function version(cli: Cli): Promise<void> {
  const { node, v8 } = process.versions
  const { platform, arch } = process
  cli.output.answer({ parley: VERSION, node, v8, platform, arch }, () =>
    facts([
      ['parley', VERSION],
      ['node', node],
      ['system', `${platform} ${arch}`]
    ])
  )
}

export async function exitCodes({ output }: Cli): Promise<void> {
  const codes = EXIT_CODES.map(({ code, meaning }) => ({ code, meaning }))
  output.answer(codes, () =>
    table(
      ['code', 'meaning'],
      codes.map(({ code, meaning }) => [String(code), meaning])
    )
  )
}
