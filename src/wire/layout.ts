// What an artifact kind lets a facet's Yjs document contain. The kinds themselves are data in
// `src/artifacts`, normative in protocols/artifacts; the composition root injects them into the gate.

/** A shared type: Markdown text, a map, or a list. A layout is a finite tree, so nesting is bounded by it. */
export type LayoutNode =
  | { is: 'text' }
  | { is: 'map'; keys: { [key: string]: LayoutValue }; others?: LayoutValue }
  | { is: 'array'; items: LayoutValue }

/** A plain JSON value of this type; `list` is a JSON array of anything. */
export type PlainType = 'string' | 'number' | 'boolean' | 'list'

/** What may stand under a key or in a list: any plain JSON value, one of a type, or a shared type of that shape. */
export type LayoutValue = 'plain' | PlainType | LayoutNode

/** Root name to node. A root that is not named here does not exist. */
export interface Layout {
  roots: { [name: string]: LayoutNode }
}

/** @returns what may stand under this key of a map, or undefined when nothing may. */
export function valueUnder(map: LayoutNode & { is: 'map' }, key: string): LayoutValue | undefined {
  return Object.hasOwn(map.keys, key) ? map.keys[key] : map.others
}
