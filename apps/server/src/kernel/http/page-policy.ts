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

/** The policy of everything that is not a page. */
export const dataPolicy = `default-src 'none'; frame-ancestors 'none'`
