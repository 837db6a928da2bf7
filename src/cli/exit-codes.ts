// What the exit code of `parley` says. Scripts rely on it: a number never changes its meaning.
import { isNodeError } from '../wire/node-error.ts'

export interface ExitCode {
  code: number
  meaning: string
  /** Codes of NodeErrors that end so; a name that ends in `-` stands for all that begin with it. */
  errors: string[]
}

export const EXIT_CODES: readonly ExitCode[] = [
  { code: 0, meaning: 'done', errors: [] },
  { code: 1, meaning: 'failed; the message says why and what to do', errors: [] },
  { code: 2, meaning: 'the command line is wrong', errors: ['usage', 'addr-', 'invite-', 'kind-unknown'] },
  { code: 3, meaning: 'no node is running on this home', errors: ['not-running'] },
  {
    code: 4,
    meaning: 'refused by policy',
    errors: ['denied', 'policy-', 'dial-not-admitted', 'no-role', 'not-party', 'frozen']
  },
  { code: 5, meaning: 'not found', errors: ['not-found', 'file-absent', 'key-missing', 'store-absent'] },
  {
    code: 6,
    meaning: 'verification failed: damaged, forged, or not what it should be',
    errors: [
      'backup-',
      'bundle-',
      'certificate-refused',
      'home-identity',
      'identity-',
      'import-refused',
      'key-damaged',
      'key-other',
      'request-refused',
      'snapshot-',
      'store-damaged'
    ]
  },
  { code: 7, meaning: 'the passphrase is wrong or missing', errors: ['passphrase-', 'locked'] },
  { code: 69, meaning: 'this version of Node is not supported', errors: [] },
  { code: 78, meaning: 'the home or its settings are missing or wrong', errors: ['config-', 'home-'] },
  { code: 130, meaning: 'interrupted', errors: ['interrupted'] }
]

const FAILED = 1

/** The longest name that fits decides, so that an exact one goes before a prefix. */
export function exitCodeOf(error: unknown): number {
  if (!isNodeError(error)) return FAILED
  const matches = EXIT_CODES.flatMap(({ code, errors }) => errors.map(name => ({ code, name })))
    .filter(({ name }) => (name.endsWith('-') ? error.code.startsWith(name) : error.code === name))
    .sort((a, b) => b.name.length - a.name.length)
  return matches[0]?.code ?? FAILED
}
