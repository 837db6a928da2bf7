// parley-node as a library: make a home, run a node in your own process, and work with it.
export { createNode, VERSION, type CreateNodeOptions } from './node/create-node.ts'
export { openHome, type Config, type Home, type Log, type NodeKeys } from './node/home.ts'
export { createHome, type NewHome } from './node/home-setup.ts'
export { loadKeys } from './node/home-keys.ts'
export type { LocalNode } from './node/local-node.ts'
export type * from './node/parley-node.ts'
export { NodeError } from './wire/node-error.ts'
