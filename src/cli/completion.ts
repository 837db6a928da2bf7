// Scripts that let a shell complete `parley`: made of the commands as they are declared, so they name what is there.
import type { Command } from 'commander'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** One command: what may follow it. `path` has a blank before each name; that of the program is empty. */
interface Place {
  path: string
  commands: { name: string; description: string }[]
  options: { flag: string; description: string }[]
}

export function completionScript(program: Command, shell: Shell): string {
  const places = placesBelow(program, '', globalOptions(program))
  if (shell === 'bash') return bash(places)
  return shell === 'zsh' ? zsh(places) : fish(places)
}

function globalOptions(program: Command): Place['options'] {
  return [...optionsOf(program).filter(({ flag }) => flag !== '--version'), HELP]
}

const HELP = { flag: '--help', description: 'print help' }

function optionsOf({ options }: Command): Place['options'] {
  return options.flatMap(({ long, description }) => (long ? [{ flag: long, description }] : []))
}

function placesBelow(command: Command, path: string, everywhere: Place['options']): Place[] {
  const own = path === '' ? [{ flag: '--version', description: 'print the version' }] : optionsOf(command)
  const commands = command.commands.map(sub => ({ name: sub.name(), description: sub.description() }))
  const below = command.commands.flatMap(sub => placesBelow(sub, `${path} ${sub.name()}`, everywhere))
  return [{ path, commands, options: [...own, ...everywhere] }, ...below]
}

/** Bash and zsh spell this alike: the place that the words before the cursor lead to, then what may follow. */
function cases(places: Place[]): string {
  const known = places.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`)
  const lists = places.map(({ path, commands, options }) => {
    const names = commands.map(({ name }) => name).join(' ')
    return `    '${path}') commands='${names}' options='${options.map(({ flag }) => flag).join(' ')}' ;;`
  })
  return [
    `    case "$place $word" in`,
    `      ${known.join('|')}) place="$place $word" ;;`,
    '    esac',
    '  done',
    `  local commands='' options=''`,
    `  case "$place" in`,
    ...lists,
    '  esac'
  ].join('\n')
}

function bash(places: Place[]): string {
  return `# bash completion for parley: eval "$(parley completion bash)"
_parley() {
  local current="\${COMP_WORDS[COMP_CWORD]}" place='' word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
${cases(places)}
  [[ $current == -* ]] && commands="$options"
  COMPREPLY=($(compgen -W "$commands" -- "$current"))
}
complete -o default -F _parley parley
`
}

function zsh(places: Place[]): string {
  return `#compdef parley
# zsh completion for parley: source <(parley completion zsh)
_parley() {
  local place='' word
  for word in "\${(@)words[2,CURRENT-1]}"; do
${cases(places)}
  [[ $PREFIX == -* ]] && commands="$options"
  if [[ -n $commands ]]; then compadd -- \${=commands}; else _files; fi
}
compdef _parley parley
`
}

function fish(places: Place[]): string {
  const known = places.filter(({ path }) => path !== '').map(({ path }) => `'${path}'`)
  const lines = places.flatMap(({ path, commands, options }) => {
    const at = `complete -c parley -n "__parley_at '${path}'"`
    return [
      ...commands.map(({ name, description }) => `${at} -f -a ${name} -d ${quoted(description)}`),
      ...options.map(({ flag, description }) => `${at} -l ${flag.slice(2)} -d ${quoted(description)}`)
    ]
  })
  return `# fish completion for parley: parley completion fish | source
function __parley_at
  set -l place ''
  for word in (commandline -opc)[2..]
    switch "$place $word"
      case ${known.join(' ')}
        set place "$place $word"
    end
  end
  test "$place" = "$argv[1]"
end
${lines.join('\n')}
`
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
