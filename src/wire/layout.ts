// What an artifact kind lets a facet's Yjs document contain. The kinds themselves are data in
// `src/artifacts`, normative in protocols/artifacts; the composition root injects them into the gate.

/** A place in a document that may hold values. */
export type LayoutNode =
  | { is: 'text' }
  | { is: 'map'; keys: { [key: string]: LayoutValue } | 'any-key'; value?: LayoutValue }
  | { is: 'array'; items: LayoutValue }

/** What may stand at such a place: plain JSON-like values, a nested type, or either. */
export interface LayoutValue {
  plain: boolean
  type?: LayoutNode
}

/** Root name to node. A root that is not named here does not exist. */
export interface Layout {
  roots: { [name: string]: LayoutNode }
}
