import { DatabaseError } from 'pg'

/** Of connections, the operator, the system and what is broken inside: what then has happened is not known. */
const notOfTheStatement = /^(?:08|57P|58|XX|25P0[34])/

/**
 * PostgreSQL has refused a statement, and nothing of it was done; a broken connection leaves that open.
 * By SQLSTATE (PostgreSQL's documentation, appendix A): the severity is told in the server's own language.
 */
export const isRefused = (error: unknown): boolean =>
  error instanceof DatabaseError && error.code !== undefined && !notOfTheStatement.test(error.code)
