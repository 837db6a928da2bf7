// What one client of the local API may make the node spend. protocols/api, section 6.

export interface ApiLimits {
  /** A JSON body: a paste of 1 MiB must fit however it is escaped, but not 100 MiB. */
  readonly bodyBytesMax: number
  /** A bundle: the import limit of the whole product. */
  readonly bundleBytesMax: number
  /** Deeper than any value that a layout admits (16), shallow enough for every recursive reader. */
  readonly jsonDepthMax: number
  readonly headerBytesMax: number
  readonly headersMs: number
  /** A JSON body as a whole, and each wait for more of a bundle. */
  readonly bodyMs: number
  /** How long what nobody reads of a body is discarded, so that the sender can read the refusal. */
  readonly lingerMs: number
  /** A streamed answer that its reader leaves lying is cut. */
  readonly stallMs: number
  readonly connectionsMax: number
  /** Each holds a connection for hours; the rest stay free for calls. */
  readonly eventStreamsMax: number
  /** What a reader may fall behind, or miss while it reconnects. */
  readonly eventsKept: number
  readonly eventBytesKept: number
  readonly heartbeatMs: number
  /** What calls under way get to end in when the API closes. */
  readonly closeMs: number
}

const KIB = 1024
const MIB = 1024 * KIB

export const API_LIMITS: ApiLimits = {
  bodyBytesMax: 4 * MIB,
  bundleBytesMax: 64 * MIB,
  jsonDepthMax: 32,
  headerBytesMax: 16 * KIB,
  headersMs: 10_000,
  bodyMs: 15_000,
  lingerMs: 1_000,
  stallMs: 60_000,
  connectionsMax: 128,
  eventStreamsMax: 32,
  eventsKept: 1_024,
  eventBytesKept: MIB,
  heartbeatMs: 15_000,
  closeMs: 2_000
}
