/** The policy of the web UI's page: nothing but our own files, and inline only what carries this answer's nonce. */
export const pagePolicy = (nonce: string) =>
  [
    `default-src 'self'`,
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'nonce-${nonce}'`,
    `img-src 'self' data:`,
    `connect-src 'self'`,
    `object-src 'none'`,
    `base-uri 'none'`,
    `form-action 'self'`,
    `frame-ancestors 'none'`,
  ].join('; ')

/** The one style element that Swagger UI makes while it runs, by its hash: another version may have another. */
const swaggerStyle = `'sha256-RL3ie0nH+Lzz2YNqQN83mnU0J1ot4QL7b99vMdIX99w='`

/** The policy of the interactive docs. The library's own would send a browser that came over plain HTTP to HTTPS. */
export const docsPolicy = [
  `default-src 'self'`,
  `style-src 'self' ${swaggerStyle}`,
  `img-src 'self' data:`,
  `object-src 'none'`,
  `base-uri 'none'`,
  `form-action 'self'`,
  `frame-ancestors 'none'`,
].join('; ')

/** The policy of everything that is not a page. */
export const dataPolicy = `default-src 'none'; frame-ancestors 'none'`
