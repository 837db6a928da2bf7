// The audit logs of a node, as its local API shows them.

/** A log of this node; `id` is its epoch. */
export interface AuditLogJson {
  id: string
  /** Empty where the opening of the log is damaged. */
  origin: string
  space: string
  title: string
  /** By this run of the node. */
  writing: boolean
  /** Records under the newest checkpoint. */
  size: number
  /** And under the newest that others cosigned. */
  witnessedSize: number
  /** Names of the companies that did. */
  witnesses: string[]
}

export interface AuditJson {
  logs: AuditLogJson[]
  /** What this node cosigned of the logs of others. */
  held: { origin: string; space: string; company: string; size: number }[]
  /** Proofs that another company rewrote its log: files for `parley audit verify`. */
  proofs: { origin: string; file: string }[]
}
