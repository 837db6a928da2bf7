// Makes a home: for a new company with its root key, or for one more node or role holder of a company whose
// root is elsewhere. The settings file is written last, so a home that was not finished is no home.
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { generateKey, type SecretKey } from '../../identity/ed25519.ts'
import type { CompanyIdentity } from '../../identity/company-identity.ts'
import { issueNodeCertificate, requestNode, verifyNodeRequest } from '../../identity/certificate.ts'
import { isName } from '../../identity/document-text.ts'
import {
  createIdentity,
  NAME_CHARS_MAX,
  REGISTRATION_CHARS_MAX,
  verifyIdentityLog
} from '../../identity/identity-log.ts'
import { nextKeyHash } from '../../identity/webvh.ts'
import { utf8 } from '../../wire/bytes.ts'
import { NodeError } from '../../wire/node-error.ts'
import { type Reject, isReject } from '../../wire/reject.ts'
import { type Config, type Home, openHome } from './home.ts'
import { installCertificate } from './certificates.ts'
import { validityFrom } from './company.ts'
import { checkConfig, HOME_FORMAT, printConfig } from './config.ts'
import { homePaths } from './directory.ts'
import { createFile, ensureFolder, isVacant, readOwn } from './file.ts'
import { addDataKey, addKey, ensureUnlockKey, keyPath } from './keys.ts'

export interface NewHome {
  /** Absent or empty. */
  dir: string
  company: NewCompany | { log: Uint8Array } | { founded: Founded }
  /** What the company calls this node, such as `office`. */
  nodeName: string
  /** Seals every key file; `undefined` takes an unlock key instead. */
  passphrase: string | undefined
  /** Where that unlock key is, or is to be made; not given, it is made in the home, beside what it opens. */
  keyFile?: string
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

/** A company with the root key in use and the one after it. */
export interface Founded {
  identity: CompanyIdentity
  root: SecretKey
  next: SecretKey
}

/** @throws NodeError `home-exists`, `home-occupied`, `home-permissions`, `name-refused`, `identity-refused`, `config-key` */
export async function createHome(options: NewHome): Promise<Home> {
  const { dir } = options
  const config = checkConfig({ format: HOME_FORMAT, ...options.config }, 'the settings')
  await checkFree(dir)
  checkNames(options)
  const company = companyFor(options)
  if (isReject(company)) {
    throw new NodeError('identity-refused', company.detail, 'Correct the name, number or file and try again.')
  }
  const paths = homePaths(dir)
  for (const folder of [dir, paths.keys, paths.certificates, paths.requests]) await ensureFolder(folder)
  const { passphrase, keyFile } = options
  const home: Home = { dir, config, ...(keyFile !== undefined && { keyFile }) }
  if (passphrase === undefined) await ensureUnlockKey(home)
  await addDataKey(home, passphrase)
  await createFile(paths.identity, company.identity.log)
  await addNode(home, company, options)
  await createFile(paths.config, utf8(printConfig(config)))
  return openHome(dir, keyFile)
}

function checkNames({ company, nodeName }: NewHome): void {
  checkName('name of the node', nodeName, NAME_CHARS_MAX)
  if (!('legalName' in company)) return
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

/** What is known of it, with its root keys where they are made here. */
function companyFor({ company, timeMs }: NewHome): Founded | Pick<Founded, 'identity'> | Reject {
  if ('founded' in company) return company.founded
  if ('log' in company) {
    const identity = verifyIdentityLog(company.log)
    return isReject(identity) ? identity : { identity }
  }
  const { legalName, registrationNumber, webLocation } = company
  const [root, next] = [generateKey(randomBytes(32)), generateKey(randomBytes(32))]
  const nextKeyHashes = [nextKeyHash(next.publicKey)]
  const facts = { legalName, registrationNumber, rootKey: root, nextKeyHashes, timeMs }
  const identity = createIdentity(webLocation === undefined ? facts : { ...facts, webLocation })
  return isReject(identity) ? identity : { identity, root, next }
}

/** The node's own key, certified at once where the root is at hand. */
async function addNode(
  home: Home,
  founded: Founded | Pick<Founded, 'identity'>,
  { company, nodeName, passphrase, timeMs }: NewHome
): Promise<void> {
  const { identity } = founded
  const key = generateKey(randomBytes(32))
  const request = requestNode(identity.did, nodeName, key)
  const asked = verifyNodeRequest(request)
  if (isReject(asked)) throw new Error(`our own request was refused: ${asked.toString()}`)
  await addKey(home, 'node', key, passphrase)
  if (!('root' in founded)) {
    await createFile(nodeRequestPath(home), request)
    return
  }
  const { root, next } = founded
  const { rootKeyPath, nextKeyPath }: Partial<NewCompany> = 'legalName' in company ? company : {}
  await addKey(home, 'root', root, passphrase, rootKeyPath ?? keyPath(home, 'root', root.publicKey))
  await addKey(home, 'root', next, passphrase, nextKeyPath ?? keyPath(home, 'root', next.publicKey))
  const certificate = issueNodeCertificate(identity, root, asked, validityFrom(timeMs))
  if (isReject(certificate)) throw new Error(`our own certificate was refused: ${certificate.toString()}`)
  await installCertificate(home, identity, certificate)
}

/** Whether the home was made for one more node of a company that was there before. */
export function isFurtherNode(home: Home): boolean {
  return existsSync(nodeRequestPath(home))
}

/** What a node without the root key asks to be certified with. */
export function nodeRequestPath(home: Home): string {
  return `${homePaths(home.dir).requests}/node.json`
}
