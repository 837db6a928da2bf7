// Every number that bounds what a peer can make this node spend on the network edge, with its reason:
// protocols/transport, section 5. Times are milliseconds, sizes are bytes.

/** The one protocol that carries frames: one stream a connection, one session a peer. */
export const SYNC_PROTOCOL = '/parley/sync/1.0.0'

/** An envelope of 64 KiB with a header of at most 32 KiB, and what a frame puts around it (NET-7). */
export const FRAME_BYTES_MAX = 131_072

/** A noise message carries 65,519 bytes and a yamux header takes 12: one send is one message, one system call pair. */
export const SEND_BYTES_MAX = 65_507
/** Less than this costs as much as this, and is sent together with what else there is to send at once. */
export const SMALL_BYTES = 1_024
/** `send` keeps its caller waiting above this: two sends ahead keep the socket busy. */
export const QUEUE_BYTES_HIGH = 128 * 1024
/** Beyond this a caller is ignoring back-pressure: its `send` is refused, the session lives on. */
export const QUEUE_BYTES_MAX = 1024 * 1024
/** How long one wait for `drain` lasts before the stream is looked at again: the event can be missed. */
export const DRAIN_WAIT_MS = 3_000
/** A peer that takes no byte in so many waits is as gone as one that says nothing. Counted, so that time this
 * process itself did not run is not held against the peer. */
export const DRAIN_WAITS_MAX = 3

/** A ping after this much time; js-libp2p answers in the muxer, so a busy application is still alive. */
export const PING_EVERY_MS = 5_000
/** Two pings unanswered. */
export const SILENT_AFTER_MS = 10_000
/** What a peer gets to show life after this process was stopped or the machine slept. */
export const RESUME_GRACE_MS = 3_000
export const TICK_MS = 1_000
/** A tick later than this means that the process did not run, rather than that a peer was silent. */
export const LATE_TICK_MS = 1_500

/** A dialed peer must be a session by then: TCP, noise, stream, opening. */
export const DIAL_TIMEOUT_MS = 5_000
export const UPGRADE_TIMEOUT_MS = 2_000
export const NEGOTIATION_TIMEOUT_MS = 3_000
/** An upgraded connection without a session is of no use to anybody. */
export const SESSIONLESS_MAX_MS = 5_000
/** What is queued at a close still leaves: a window or two on a slow link. */
export const CLOSE_TIMEOUT_MS = 3_000
/** What an honest peer may have under way when it reads that a session is closed: its queue and windows. NET-41. */
export const CLOSED_BYTES_MAX = 4 * 1024 * 1024
export const SOCKET_IDLE_MS = 30_000
/** A node sends a noise message at a time, of 64 KiB at most; in this many bytes there are 7,000 of one byte each. */
export const WEB_SOCKET_MESSAGE_BYTES_MAX = 128 * 1024
/** Two connections begun within this time of each other are one simultaneous dial; above the upgrade limit. */
export const SIMULTANEOUS_MS = 3_000

export const CONNECTIONS_MAX = 64
/** One in use and one that replaces it. */
export const CONNECTIONS_PER_PEER_MAX = 2
/** 250 silent sockets a second find a place for the two seconds that each has. */
export const PENDING_CONNECTIONS_MAX = 512
/** The nodes of one company that is not ours, and strangers together while an invite is open: an eighth of all. */
export const CONNECTIONS_PER_GROUP_MAX = 8
/** Noise handshakes a second, 2 ms each: a quarter of a core; and of one host, which companies may share. */
export const HANDSHAKES_PER_SECOND_MAX = 120
export const HANDSHAKES_PER_HOST_MAX = 40
/** To agree on a protocol takes 41 bytes, and each line of two bytes costs an answer. */
export const NEGOTIATION_BYTES_MAX = 256
/** Two noise messages of 300 bytes at most, the muxer's name, and what a dialer says before it has an answer. */
export const HANDSHAKE_BYTES_MAX = 4 * 1024
/** A peer that broke a rule is left alone this long, and of so many peers that is known. */
export const BAN_MS = 60_000
export const BANS_MAX = 1_024
/** What frames, or reading them, may keep the event loop before it turns; then another session or connection goes on. */
export const TURN_MS = 5
export const PARALLEL_DIALS_MAX = 16
export const ADDRESSES_PER_PEER_MAX = 8

export const STREAMS_MAX = 32
/** Fixed: a window that grows is memory that a peer can claim. */
export const STREAM_WINDOW_BYTES = 256 * 1024
/** One full window and what was dispatched before a pause. */
export const READ_BUFFER_BYTES_MAX = 1024 * 1024
export const WRITE_BUFFER_BYTES_MAX = 1024 * 1024

/** Largest yamux data frame: one window and some slack for other implementations. */
export const YAMUX_FRAME_BYTES_MAX = 257 * 1024
/** Frames of any kind a second. Full speed here is 4,000 data frames and as many window updates. */
export const YAMUX_FRAMES_PER_SECOND = 20_000
/** Frames that a muxer gets in one piece: two milliseconds, where each is as small as it can be. */
export const YAMUX_FRAMES_AT_ONCE = 256
/** Messages that noise decrypts in one piece: a quarter of a millisecond, where each is as small as it can be. */
export const NOISE_MESSAGES_AT_ONCE = 64
/** Pings, resets, opened and closed streams a second: the cheap ways to make a peer work. */
export const YAMUX_CONTROL_PER_SECOND = 2_000
/** Streams opened at once, and half as many a second after that: a session is one stream. */
export const YAMUX_STREAMS_BURST = 64
export const YAMUX_STREAMS_REFILL_MS = 2_000
/** Data for streams that are not open: what may be in flight when a stream is reset, a minute. */
export const YAMUX_STRAY_BYTES_PER_MINUTE = 1024 * 1024
/** In how many pieces one frame may arrive: each piece costs a hundred times a byte. */
export const YAMUX_PIECES_MAX = 1_024

/** The libp2p ping protocol sends 32 bytes at a time: two thousand pings a stream, then a new one. */
export const PING_STREAM_BYTES_MAX = 64 * 1024

export const REDIAL_BASE_MS = 500
/** With a dial that hangs and one that then works: in session 15 s after a network heals, at the latest. */
export const REDIAL_CAP_MS = 8_000
/** A session that lasted this long forgets earlier failures. */
export const STABLE_AFTER_MS = 10_000

/** A request to a relay holds a peer id; the answer of other implementations also addresses and a voucher. */
export const CIRCUIT_MESSAGE_BYTES_MAX = 4_096
/** Relayed connections of one peer, each way, on one relay: the nodes of a company that has eight. */
export const CIRCUITS_PER_PEER_MAX = 8
/** As many as a node has connections. */
export const CIRCUITS_MAX = 64
/** Connections that a peer may ask a relay for at once, and how long until it may again so often. */
export const CIRCUIT_REQUESTS_BURST = 8
export const CIRCUIT_REQUESTS_REFILL_MS = 8_000
/** The same for a company with eight nodes, half of it for each. */
export const CIRCUIT_REQUESTS_PER_COMPANY_BURST = 32
export const CIRCUIT_REQUESTS_PER_COMPANY_REFILL_MS = 8_000
/** Streams that a relay opens with one peer in the time of `YAMUX_STREAMS_REFILL_MS`, half of those for which that hangs up. */
export const CIRCUIT_KNOCKS_BURST = YAMUX_STREAMS_BURST / 2
/** Whose requests are counted. */
export const CIRCUIT_ASKERS_MAX = 4_096
/** Both ends ping through it every 5 s. */
export const CIRCUIT_IDLE_MS = 30_000
/** Handshakes a second that a relay brings of one named peer; whoever is honest needs one in half a second. */
export const HANDSHAKES_PER_NAME_MAX = 4
/** Whoever reserves asks again half way; a relay that was told to stop is left by then. */
export const RESERVATION_MS = 60 * 60_000
export const RESERVATION_RENEW_MS_MAX = 30 * 60_000
export const RESERVATION_RENEW_MS_MIN = 30_000
/** After a refusal: the relay may have been told meanwhile. */
export const RESERVATION_RETRY_MS = 30_000
/** How long a peer is asked whether it relays; a person waits for the answer. */
export const RELAY_QUESTION_MS = 1_000
