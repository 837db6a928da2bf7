// `parley init`: a new company, or one more node of a company whose root key is elsewhere.
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import { LOG_BYTES_MAX } from '../../identity/identity-log.ts'
import { wordsOf } from '../../identity/words.ts'
import { type Home, readIdentity } from '../../node/home/home.ts'
import type { Config } from '../../node/home/config.ts'
import { quotePath } from '../../node/home/directory.ts'
import { createHome, nodeRequestPath, type NewCompany, type NewHome } from '../../node/home/setup.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Cli, usage } from '../cli.ts'
import { readBytes } from '../files.ts'
import { facts } from '../text.ts'

/** What a new home is given beside its company. */
export interface HomeOptions {
  nodeName: string
  passphrase: boolean
  listen?: string[]
  announce?: string[]
  relay?: boolean
  apiPort?: number
}

export interface InitOptions extends HomeOptions {
  name?: string
  registration?: string
  web?: string
  identity?: string
  rootKey?: string
  nextKey?: string
}

export async function init(cli: Cli, options: InitOptions): Promise<void> {
  const company = await companyOf(options)
  const facts = await homeFacts(cli, options)
  const home = await createHome({ ...facts, company })
  report(cli, home, await readIdentity(home), 'log' in company)
  warnOfUnlockKey(cli, facts)
}

/** All that a new home needs beside its company; asks for a passphrase. */
export async function homeFacts(cli: Cli, options: HomeOptions): Promise<Omit<NewHome, 'company'>> {
  const config: Partial<Config> = {
    ...(options.listen && { listen: options.listen }),
    ...(options.announce && { announce: options.announce }),
    ...(options.relay && { relay: true }),
    ...(options.apiPort !== undefined && { apiPort: options.apiPort })
  }
  if (cli.keyFile !== undefined && cli.passphraseNamed)
    throw usage('a home has one lock', 'Give either --key-file or --passphrase-file.')
  const passphrase = options.passphrase && cli.keyFile === undefined ? await newPassphrase(cli) : undefined
  if (passphrase !== undefined) cli.output.note('Sealing the keys (a second or two each) ...')
  return {
    dir: cli.home,
    nodeName: options.nodeName,
    passphrase,
    ...(cli.keyFile !== undefined && { keyFile: cli.keyFile }),
    config,
    timeMs: Date.now()
  }
}

export function warnOfUnlockKey({ output, keyFile }: Cli, { passphrase }: Omit<NewHome, 'company'>): void {
  if (passphrase === undefined && keyFile === undefined) output.note(BESIDE)
}

const BESIDE =
  'No passphrase: who copies the whole home can open it. To keep the unlock key elsewhere: ' +
  'parley passwd --new-key-file FILE'

async function companyOf({
  name,
  registration,
  web,
  identity,
  ...paths
}: InitOptions): Promise<NewCompany | { log: Uint8Array }> {
  if (identity !== undefined) {
    if (name !== undefined || registration !== undefined) {
      throw usage('--identity already says which company it is', 'Leave out --name and --registration.')
    }
    return { log: await readBytes(identity, LOG_BYTES_MAX) }
  }
  if (name === undefined || registration === undefined) {
    throw usage(
      'a company needs its legal name and registration number',
      'parley init --name "Example Ltd" --registration 01234567'
    )
  }
  return {
    legalName: name,
    registrationNumber: registration,
    ...(web !== undefined && { webLocation: web }),
    ...(paths.rootKey !== undefined && { rootKeyPath: paths.rootKey }),
    ...(paths.nextKey !== undefined && { nextKeyPath: paths.nextKey })
  }
}

/** @throws NodeError `passphrase-needed` where nobody can be asked */
export async function newPassphrase(cli: Cli): Promise<string> {
  const passphrase = await cli.passphrase('New passphrase', { twice: true })
  if (passphrase !== undefined) return passphrase
  const next =
    'Give --passphrase-file FILE, --key-file FILE for an unlock key elsewhere, or --no-passphrase for one in the home.'
  throw new NodeError(
    'passphrase-needed',
    'new keys need a passphrase, and there is no terminal to ask on',
    next
  )
}

function report({ output }: Cli, home: Home, identity: CompanyIdentity, needsCertificate: boolean): void {
  const { did, legalName, registrationNumber } = identity
  const words = wordsOf(did)
  output.answer({ home: home.dir, did, legalName, registrationNumber, words }, () =>
    facts([
      ['company', `${legalName} (${registrationNumber})`],
      ['id', did],
      ['words', words.join(' ')],
      ['home', home.dir]
    ])
  )
  if (needsCertificate) {
    output.note(
      `Next: take ${quotePath(nodeRequestPath(home))} to where the root key is (\`parley node certify\`).`
    )
  } else {
    output.note('Next: parley role enrol ROLE --holder "Your name"; it prints what comes after it')
  }
}
