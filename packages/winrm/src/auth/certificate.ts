import type { Authentication } from './authentication.ts'

/** The TLS client certificate speaks; the header only says so. DSP0226 annex C, MS-WSMV 3.1.4 */
export const certificate = {
  kind: 'header',
  name: 'certificate',
  authorization: 'http://schemas.dmtf.org/wbem/wsman/1/wsman/secprofile/https/mutual',
} as const satisfies Authentication
