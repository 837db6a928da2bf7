// Where the home directory is: the flag, then PARLEY_HOME, then the platform's place for data. Imports next to
// nothing, since every command starts here.
import { isAbsolute, join, resolve } from 'node:path'
import envPaths from 'env-paths'

export function homeDirectory(flag: string | undefined, environment: NodeJS.ProcessEnv): string {
  const chosen = flag ?? environment['PARLEY_HOME']
  if (chosen === undefined || chosen === '') return envPaths('parley', { suffix: '' }).data
  return isAbsolute(chosen) ? chosen : resolve(chosen)
}

/** As a shell takes it. */
export function quotePath(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`
}

/** Every place in a home, by what is there. */
export interface HomePaths {
  home: string
  config: string
  identity: string
  keys: string
  unlockKey: string
  dataKey: string
  certificates: string
  requests: string
  /** A record of each view that was written. */
  disclosures: string
  store: string
}

export function homePaths(dir: string): HomePaths {
  return {
    home: dir,
    config: join(dir, 'parley.json'),
    identity: join(dir, 'identity.jsonl'),
    keys: join(dir, 'keys'),
    unlockKey: join(dir, 'unlock.key'),
    dataKey: join(dir, 'data.age'),
    certificates: join(dir, 'certificates'),
    requests: join(dir, 'requests'),
    disclosures: join(dir, 'disclosures'),
    store: join(dir, 'store')
  }
}
