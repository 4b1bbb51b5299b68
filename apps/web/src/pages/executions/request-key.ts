/**
 * An `Idempotency-Key` for one press of a button: however often that request is repeated, it counts once.
 * `crypto.randomUUID` is not there on plain http, random bytes are.
 */
export const newRequestKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
