// Makes a home: for a new company with its root key, or for one more node or role holder of a company whose
// root is elsewhere. The settings file is written last, so a home that was not finished is no home.
import { randomBytes } from 'node:crypto'
import { generateKey, type SecretKey } from '../identity/ed25519.ts'
import type { CompanyIdentity } from '../identity/company-identity.ts'
import { issueNodeCertificate, requestNode, verifyNodeRequest } from '../identity/certificate.ts'
import { isName } from '../identity/document-text.ts'
import {
  createIdentity,
  NAME_CHARS_MAX,
  REGISTRATION_CHARS_MAX,
  verifyIdentityLog
} from '../identity/identity-log.ts'
import { createUnlockKey } from '../identity/key-file.ts'
import { nextKeyHash } from '../identity/webvh.ts'
import { utf8 } from '../wire/bytes.ts'
import { NodeError } from '../wire/node-error.ts'
import { type Reject, isReject } from '../wire/reject.ts'
import { type Config, type Home, openHome } from './home.ts'
import { installCertificate } from './home-certificates.ts'
import { validityFrom } from './home-company.ts'
import { checkConfig, HOME_FORMAT, printConfig } from './home-config.ts'
import { homePaths } from './home-directory.ts'
import { createFile, ensureFolder, isVacant, readOwn } from './home-file.ts'
import { addKey, keyPath } from './home-keys.ts'

export interface NewHome {
  /** Absent or empty. */
  dir: string
  company: NewCompany | { log: Uint8Array }
  /** What the company calls this node, such as `office`. */
  nodeName: string
  /** Seals every key file; `undefined` makes an unlock key instead, in a file beside them. */
  passphrase: string | undefined
  config?: Partial<Config>
  /** Milliseconds since 1970. */
  timeMs: number
}

export interface NewCompany {
  legalName: string
  registrationNumber: string
  webLocation?: string
  /** Where the root key and the one after it go when they are not to be in the home. */
  rootKeyPath?: string
  nextKeyPath?: string
}

/** @throws NodeError `home-exists`, `home-occupied`, `home-permissions`, `name-refused`, `identity-refused`, `config-key` */
export async function createHome(options: NewHome): Promise<Home> {
  const { dir } = options
  const config = checkConfig({ format: HOME_FORMAT, ...options.config }, 'the settings')
  await checkFree(dir)
  checkNames(options)
  const root = generateKey(randomBytes(32))
  const next = generateKey(randomBytes(32))
  const identity = identityFor(options, root, next)
  if (isReject(identity)) {
    throw new NodeError(
      'identity-refused',
      identity.detail,
      'Correct the name, number or file and try again.'
    )
  }
  const paths = homePaths(dir)
  for (const folder of [dir, paths.keys, paths.certificates, paths.requests]) await ensureFolder(folder)
  const home = { dir, config }
  if (options.passphrase === undefined) {
    await createFile(paths.unlockKey, utf8(`${await createUnlockKey()}\n`))
  }
  await createFile(paths.identity, identity.log)
  await addNode(home, identity, options, root, next)
  await createFile(paths.config, utf8(printConfig(config)))
  return openHome(dir)
}

function checkNames({ company, nodeName }: NewHome): void {
  checkName('name of the node', nodeName, NAME_CHARS_MAX)
  if ('log' in company) return
  checkName('legal name', company.legalName, NAME_CHARS_MAX)
  checkName('registration number', company.registrationNumber, REGISTRATION_CHARS_MAX)
}

function checkName(what: string, text: string, charsMax: number): void {
  if (isName(text, charsMax)) return
  const next = `Write 1 to ${charsMax} characters, with no space at the ends and none that do not show.`
  throw new NodeError('name-refused', `the ${what} ${JSON.stringify(text)} cannot be used`, next)
}

async function checkFree(dir: string): Promise<void> {
  if (await readOwn(homePaths(dir).config, 65_536)) {
    throw new NodeError('home-exists', `there is already a Parley home in ${dir}`, 'Start it: parley start')
  }
  if (await isVacant(dir)) return
  const next = 'Choose an empty one with --home, or remove what an interrupted `parley init` left there.'
  throw new NodeError('home-occupied', `${dir} is not empty and no Parley home`, next)
}

function identityFor(
  { company, timeMs }: NewHome,
  root: SecretKey,
  next: SecretKey
): CompanyIdentity | Reject {
  if ('log' in company) return verifyIdentityLog(company.log)
  const { legalName, registrationNumber, webLocation } = company
  const nextKeyHashes = [nextKeyHash(next.publicKey)]
  const facts = { legalName, registrationNumber, rootKey: root, nextKeyHashes, timeMs }
  return createIdentity(webLocation === undefined ? facts : { ...facts, webLocation })
}

/** The node's own key, certified at once where the root is at hand. */
async function addNode(
  home: Home,
  identity: CompanyIdentity,
  { company, nodeName, passphrase, timeMs }: NewHome,
  root: SecretKey,
  next: SecretKey
): Promise<void> {
  const key = generateKey(randomBytes(32))
  const request = requestNode(identity.did, nodeName, key)
  const asked = verifyNodeRequest(request)
  if (isReject(asked)) throw new Error(`our own request was refused: ${asked.toString()}`)
  await addKey(home, 'node', key, passphrase)
  if ('log' in company) {
    await createFile(nodeRequestPath(home), request)
    return
  }
  const { rootKeyPath, nextKeyPath } = company
  await addKey(home, 'root', root, passphrase, rootKeyPath ?? keyPath(home, 'root', root.publicKey))
  await addKey(home, 'root', next, passphrase, nextKeyPath ?? keyPath(home, 'root', next.publicKey))
  const certificate = issueNodeCertificate(identity, root, asked, validityFrom(timeMs))
  if (isReject(certificate)) throw new Error(`our own certificate was refused: ${certificate.toString()}`)
  await installCertificate(home, identity, certificate)
}

/** What a node without the root key asks to be certified with. */
export function nodeRequestPath(home: Home): string {
  return `${homePaths(home.dir).requests}/node.json`
}
