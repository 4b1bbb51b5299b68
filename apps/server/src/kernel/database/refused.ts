import { DatabaseError } from 'pg'

/** PostgreSQL has refused a statement, and nothing of it was done; a broken connection leaves that open. */
export const isRefused = (error: unknown): boolean => error instanceof DatabaseError && error.severity === 'ERROR'
