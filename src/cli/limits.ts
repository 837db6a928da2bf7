// Bounds on what people hand over in files, where the client of the API must not load the code that owns them.

/** As protocols/identity allows (IDN-20). */
export const CERTIFICATE_BYTES_MAX = 16_384
