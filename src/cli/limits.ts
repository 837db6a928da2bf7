// Bounds on what people hand over in files, where the client of the API must not load the code that owns them.

/** As protocols/identity allows (IDN-20). */
export const CERTIFICATE_BYTES_MAX = 16_384
/** Terms are 48 KiB at most as they are signed; a file may have room between them. */
export const TERMS_FILE_BYTES_MAX = 256 * 1024
/** Some 100 bytes for each of 65,536 units. */
export const STATEMENT_BYTES_MAX = 8 * 1024 * 1024
