import type { Authentication } from './authentication.ts'

/** RFC 7617, in UTF-8. Knows only accounts of the machine itself, and says the password to whoever listens. */
export const basic = (username: string, password: string): Authentication => ({
  kind: 'header',
  name: 'Basic',
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
})
