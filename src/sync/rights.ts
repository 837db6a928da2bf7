// All that policy's answers to a peer hang on, as it stood when last looked at: what shrinks ends the session.
// protocols/sync, SYN-31.

export interface Rights {
  /** The more of these, the more the peer may see. */
  held: ReadonlySet<string>
  /** Under reciprocity rules, how many units are open, by account: one that is not here holds nothing back. */
  open: ReadonlyMap<string, number>
}

export const NO_RIGHTS: Rights = { held: new Set(), open: new Map() }

/** Whether there is anything that `before` allowed and `now` does not. */
export function isWeaker(now: Rights, before: Rights): boolean {
  for (const right of before.held) if (!now.held.has(right)) return true
  for (const [account, units] of before.open) if ((now.open.get(account) ?? Infinity) < units) return true
  return false
}
