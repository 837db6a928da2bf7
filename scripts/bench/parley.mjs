// Parley as an adapter of peer-sync-bench: README.md says how. The replica is the one that npm run bench measures.
export { meta, open } from './parley.ts'
