// The companies by name, and who may learn that which is there.
/** A company that runs honest nodes, or the rival's, or a node of nobody. */
export type Name = 'Acme' | 'Borealis' | 'Cygnus' | 'Dione' | 'Elara' | 'Rival' | 'stranger'
/** Acme runs two. */
export type NodeName = 'Acme' | 'Acme again' | 'Borealis' | 'Cygnus' | 'Dione' | 'Elara'

export const NODES: NodeName[] = ['Acme', 'Acme again', 'Borealis', 'Cygnus', 'Dione', 'Elara']

export function companyOf(node: NodeName): Name {
  return node === 'Acme again' ? 'Acme' : node
}

/** Who may learn that a company is there: those that it has met, and those that it shares a space with. */
export const KNOW: { [company in Name]: Name[] } = {
  Acme: ['Acme', 'Borealis', 'Cygnus', 'Dione', 'Elara', 'Rival', 'stranger'],
  Borealis: ['Borealis', 'Acme', 'Elara', 'Rival'],
  Cygnus: ['Cygnus', 'Acme', 'Elara', 'Dione'],
  Dione: ['Dione', 'Acme', 'Cygnus'],
  Elara: ['Elara', 'Acme', 'Borealis', 'Cygnus'],
  Rival: ['Rival', 'Acme', 'Borealis'],
  stranger: []
}
