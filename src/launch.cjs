// The published `parley`: plain CommonJS, so that any Node can read it and an old one is told what it needs.
'use strict'
const NEEDED = [24, 12]
const UNSUPPORTED_NODE = 69 // src/cli/exit-codes.ts

const [major, minor] = process.versions.node.split('.').map(Number)
if (major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])) {
  void import('./cli/main.js')
} else {
  process.stderr.write(
    `error: parley needs Node ${NEEDED.join('.')} or newer; this is ${process.versions.node}\n` +
      'next:  npx -y -p node@24 -p parley-node parley ' +
      `${process.argv.slice(2).join(' ')}\n`
  )
  process.exitCode = UNSUPPORTED_NODE
}
