// npm run page: `dist/verify.html`, and the digests by which two people know that they have the same.
import { mkdirSync, writeFileSync } from 'node:fs'
import { toHex, utf8 } from '../src/wire/bytes.ts'
import { sha256 } from '../src/wire/hash.ts'
import { makePage } from './page-file.ts'

const { page, script } = await makePage()
mkdirSync('dist', { recursive: true })
writeFileSync('dist/verify.html', page)
console.log(`dist/verify.html, ${page.length} bytes`)
console.log(`SHA-256 of the file    ${toHex(sha256(utf8(page)))}`)
console.log(`SHA-256 of its script  ${toHex(sha256(utf8(script)))}`)
