// The keys that this process signs with, as its home and its company's newest identity log have them. A key that
// was locked, revoked or has outlived its certificate signs nothing more, whoever still holds its signer.
import { isRevoked, verifyNodeCertificate, verifyRoleCertificate } from '../identity/certificate.ts'
import type { CompanyIdentity } from '../identity/company-identity.ts'
import { type PublicKey, type SecretKey, sign } from '../identity/ed25519.ts'
import type { Directory } from '../sync/directory.ts'
import { equalBytes } from '../wire/bytes.ts'
import { NodeError } from '../wire/node-error.ts'
import { isReject } from '../wire/reject.ts'
import { type CertifiedFile, certifiedFiles, openRoles } from './home/keys.ts'
import type { CertifiedKey, Home, NodeKeys } from './home/home.ts'
import { type RoleSigner, UNLOCK, certificateExpired } from './parts/parts.ts'

interface HeldRole {
  key: SecretKey
  signer: RoleSigner
}

export class Keyring {
  readonly #home: Home
  readonly #directory: Directory
  readonly #node: CertifiedKey
  /** By multikey. */
  readonly #roles = new Map<string, HeldRole>()
  /** Roles that are certified here and whose keys are not in hand. */
  locked: string[]
  /** Somebody asked for it: keys that need no passphrase stay away too, until they are asked for. */
  #shut = false
  #shuttings = 0

  constructor(home: Home, { node, roles, locked }: NodeKeys, directory: Directory) {
    this.#home = home
    this.#directory = directory
    this.#node = { ...node }
    this.locked = locked
    for (const role of roles) this.#hold(role)
  }

  /** Of the company, as far as this node knows. */
  get identity(): CompanyIdentity {
    const { identities, self } = this.#directory
    return identities.get(self.did) as CompanyIdentity
  }

  /** DSSE bytes of the node's certificate. */
  get certificate(): Uint8Array {
    return this.#node.certificate
  }

  signAsNode = (message: Uint8Array): Uint8Array => sign(this.#node.key, message)

  /** Those in hand that are not revoked. */
  get roles(): RoleSigner[] {
    const signers = [...this.#roles.values()].map(({ signer }) => signer)
    return signers.filter(({ certificate }) => !isRevoked(certificate, this.identity))
  }

  #usable(publicKey: PublicKey): SecretKey {
    const role = this.#roles.get(publicKey.multikey)
    if (this.identity.hasRevoked(publicKey) || (role && isRevoked(role.signer.certificate, this.identity))) {
      const next = 'Enrol a new key: parley role enrol ROLE --holder NAME'
      throw new NodeError('key-revoked', 'the company has revoked this role key', next)
    }
    if (!role) throw new NodeError('locked', 'the role key is no longer unlocked on this node', UNLOCK)
    const { certificate } = role.signer
    if (certificate.expiresAt > Date.now()) return role.key
    throw certificateExpired(certificate.role)
  }

  lock(): void {
    this.#shut = true
    this.#shuttings++
    this.locked = [...new Set([...this.locked, ...this.roles.map(({ certificate }) => certificate.role)])]
    this.#roles.clear()
  }

  /**
   * Takes up the certificates that are in the home now, and opens what keys it can.
   * @param passphrase for keys that are sealed; given, it also ends a lock
   * @throws NodeError `passphrase-wrong` where it opens nothing
   */
  async refresh(passphrase?: string): Promise<void> {
    const files = await certifiedFiles(this.#home, this.identity)
    this.#renewNode(files)
    const shuttings = this.#shuttings
    const roles = files.filter(({ use }) => use !== 'node')
    const wanted = roles.filter(
      ({ multikey }) => passphrase !== undefined || !(this.#shut || this.#roles.has(multikey))
    )
    const opened = await openRoles(this.#home, wanted, passphrase)
    if (opened.wrong !== undefined) throw opened.wrong
    if (this.#shuttings !== shuttings) return // locked while the keys were being opened
    if (passphrase !== undefined) this.#shut = false
    const inHand = new Map([...this.#roles].map(([multikey, { key }]) => [multikey, key]))
    for (const { key } of opened.roles) inHand.set(key.publicKey.multikey, key)
    this.#roles.clear()
    for (const { multikey, certificate } of roles) {
      const key = inHand.get(multikey)
      if (key) this.#hold({ key, certificate })
    }
    this.locked = roles.filter(({ multikey }) => !this.#roles.has(multikey)).map(({ use }) => use)
  }

  #hold({ key, certificate: certificateBytes }: CertifiedKey): void {
    const certificate = verifyRoleCertificate(certificateBytes, this.identity)
    if (isReject(certificate)) return
    const { publicKey } = key
    const signs = (message: Uint8Array) => sign(this.#usable(publicKey), message)
    const signer = { publicKey, sign: signs, certificate, certificateBytes }
    this.#roles.set(publicKey.multikey, { key, signer })
  }

  #renewNode(files: CertifiedFile[]): void {
    const { multikey } = this.#node.key.publicKey
    const file = files.find(({ use, multikey: other }) => use === 'node' && other === multikey)
    if (!file || equalBytes(file.certificate, this.#node.certificate)) return
    const certificate = verifyNodeCertificate(file.certificate, this.identity)
    if (isReject(certificate) || certificate.peer !== this.#directory.self.peerId) return
    this.#node.certificate = file.certificate
    this.#directory.ownPeer.certificate = certificate
  }
}
