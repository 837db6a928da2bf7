// What the core uses of Node's Buffer, for a browser: `scripts/page.ts` puts it in that place. Node's own is several
// times as fast, so the core keeps it.

type Coding = 'hex' | 'base64' | 'latin1'

class PortableBuffer extends Uint8Array {
  static allocUnsafe(length: number): PortableBuffer {
    return new PortableBuffer(length)
  }

  static allocUnsafeSlow(length: number): PortableBuffer {
    return new PortableBuffer(length)
  }

  static compare(a: Uint8Array, b: Uint8Array): number {
    const n = Math.min(a.length, b.length)
    for (let i = 0; i < n; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number)
    return a.length - b.length
  }

  override toString(coding?: Coding): string {
    if (coding === 'hex') return [...this].map(byte => byte.toString(16).padStart(2, '0')).join('')
    const characters = charactersOf(this)
    return coding === 'base64' ? btoa(characters) : characters
  }

  /** Of one character a byte. */
  write(text: string, at: number): void {
    for (let i = 0; i < text.length; i++) this[at + i] = text.charCodeAt(i)
  }
}

/** `latin1` of a text, bytes of `hex` and `base64`; a view of a buffer's bytes. What does not decode is empty. */
function from(source: string | ArrayBuffer, coding?: Coding | number, length?: number): PortableBuffer {
  if (typeof source !== 'string') return new PortableBuffer(source, coding as number, length)
  const characters = coding === 'base64' ? decoded(source) : source
  const bytes = new PortableBuffer(coding === 'hex' ? source.length / 2 : characters.length)
  if (coding === 'hex')
    for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(source.slice(2 * i, 2 * i + 2), 16)
  else bytes.write(characters, 0)
  return bytes
}

function decoded(base64: string): string {
  try {
    return atob(base64)
  } catch {
    return ''
  }
}

/** In pieces: a call takes so many arguments and no more. */
function charactersOf(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += PIECE)
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  return text
}

const PIECE = 8192

export const Buffer = Object.assign(PortableBuffer, { from })
