// The scripts for shells: every command is in them, and bash completes what a person begins to type.
import { execFileSync } from 'node:child_process'
import type { Command } from 'commander'
import { describe, expect, it } from 'vitest'
import { completionScript, SHELLS } from '../../src/cli/completion.ts'
import { createProgram } from '../../src/cli/program.ts'

/** What bash offers for a line whose last word is being typed. */
function offered(line: string): string[] {
  const words = line.split(' ')
  const script = `${completionScript(createProgram(), 'bash')}
    COMP_WORDS=(${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
    [[ $(complete -p parley) == *'-F _parley parley' ]] || exit 1
    _parley; printf '%s\\n' "\${COMPREPLY[@]}"`
  const out = execFileSync('bash', ['--norc', '-c', script], { encoding: 'utf8' })
  return out.split('\n').filter(text => text !== '')
}

function pathsBelow(command: Command, path = ''): string[] {
  return command.commands.flatMap(sub => {
    const own = `${path} ${sub.name()}`
    return [own, ...pathsBelow(sub, own)]
  })
}

describe('completion', () => {
  it('bash offers commands, then those below them, then options', () => {
    expect(offered('parley inv')).toEqual(['invite'])
    expect(offered('parley invite ')).toEqual(['create', 'list', 'revoke'])
    expect(offered('parley --json invite c')).toEqual(['create'])
    expect(offered('parley invite create --e')).toEqual(['--expires'])
    expect(offered('parley invite create --expires 30m --sp')).toEqual(['--space'])
    expect(offered('parley start --off')).toEqual(['--offline'])
    expect(offered('parley start --pass')).toEqual(['--passphrase-file'])
    expect(offered('parley show ')).toEqual([])
    expect(offered('parley --vers')).toEqual(['--version'])
  })

  it('every command of the program is in every script', () => {
    const program = createProgram()
    const paths = pathsBelow(program)
    expect(paths.length).toBeGreaterThan(40)
    for (const shell of SHELLS) {
      const script = completionScript(program, shell)
      for (const path of paths) expect(script, `${shell}: ${path}`).toContain(`'${path}'`)
    }
  })
})
