// What the exit code of `parley` says. Scripts rely on it: a number never changes its meaning.
import { isNodeError } from '../wire/node-error.ts'

export interface ExitCode {
  code: number
  meaning: string
  /** Codes of NodeErrors that end so; a dash at an end stands for any beginning or end. */
  errors: string[]
}

export const EXIT_CODES: readonly ExitCode[] = [
  { code: 0, meaning: 'done', errors: [] },
  { code: 1, meaning: 'failed; the message says why and what to do', errors: [] },
  {
    code: 2,
    meaning: 'the command line is wrong',
    errors: [
      'usage',
      'name-refused',
      'addr-',
      'field-type',
      'invite-',
      'artifact-kind',
      '-ambiguous',
      'class-needed',
      'json-file',
      'space-needed'
    ]
  },
  { code: 3, meaning: 'no node is running on this home', errors: ['not-running'] },
  {
    code: 4,
    meaning: 'refused by policy',
    errors: ['denied', 'policy-', 'dial-not-admitted', 'role-missing', 'read-only']
  },
  {
    code: 5,
    meaning: 'not found',
    errors: ['-unknown', 'no-such-', 'file-absent', 'key-missing', 'data-key-missing', 'store-absent']
  },
  {
    code: 6,
    meaning: 'verification failed: damaged, forged, or not what it should be',
    errors: [
      'audit-wrong',
      'backup-',
      'bundle-',
      'certificate-refused',
      'data-key-other',
      'home-identity',
      'identity-',
      'release-none',
      'release-other',
      'seal-faults',
      'decision-refused',
      'sealed-',
      'share-',
      'sign-other',
      'sign-partial',
      'import-refused',
      'key-damaged',
      'key-other',
      'records-missing',
      'request-refused',
      'sheet-misread',
      'sheet-other',
      'snapshot-',
      'statements-differ',
      'store-damaged'
    ]
  },
  { code: 7, meaning: 'the passphrase is wrong or missing', errors: ['passphrase-', 'locked'] },
  {
    code: 8,
    meaning: 'verified, but by roots that you have not pinned: the file proves only that it holds together',
    errors: ['unpinned']
  },
  { code: 69, meaning: 'this version of Node is not supported', errors: [] },
  {
    code: 78,
    meaning: 'the home or its settings are missing or wrong',
    errors: ['certificate-missing', 'config-', 'home-']
  },
  { code: 130, meaning: 'interrupted', errors: ['interrupted'] }
]

const FAILED = 1

/** The longest name that fits decides, so that an exact one goes before a part. */
export function exitCodeOf(error: unknown): number {
  if (!isNodeError(error)) return FAILED
  const matches = EXIT_CODES.flatMap(({ code, errors }) => errors.map(name => ({ code, name })))
    .filter(({ name }) => fits(error.code, name))
    .sort((a, b) => b.name.length - a.name.length)
  return matches[0]?.code ?? FAILED
}

function fits(code: string, name: string): boolean {
  if (name.endsWith('-')) return code.startsWith(name)
  return name.startsWith('-') ? code.endsWith(name) : code === name
}
