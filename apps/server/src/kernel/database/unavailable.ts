import { DatabaseError } from 'pg'

/** Connections, a server that stops or starts, no connection left (PostgreSQL's documentation, appendix A). */
const awaySqlState = /^(?:08...|57P0[1-4]|53300)$/
const awaySystem = new Set(
  'ECONNREFUSED ECONNRESET EPIPE ETIMEDOUT EHOSTUNREACH ENETUNREACH ENOTFOUND EAI_AGAIN ENOENT:connect'.split(' '),
)
/** The driver says these in words only. */
const awayWords =
  /^(?:Connection terminated|timeout expired$|timeout exceeded when trying to connect$|Query read timeout$|Client (?:has encountered a connection error|was closed) and is not queryable$)/

/** The database does not answer just now, as opposed to: it has refused something. */
export const isUnavailable = (error: unknown): boolean => {
  if (!(error instanceof Error)) return false
  if (error instanceof DatabaseError) return awaySqlState.test(error.code ?? '')
  const { code, syscall } = error as NodeJS.ErrnoException
  // a path that is missing is something else than a socket that is
  if (awaySystem.has(code === 'ENOENT' ? `ENOENT:${syscall}` : (code ?? ''))) return true
  if (awayWords.test(error.message)) return true
  // a name with several addresses fails with an error for each
  if (error instanceof AggregateError && error.errors.some(isUnavailable)) return true
  return isUnavailable(error.cause)
}
