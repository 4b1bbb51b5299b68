import type { Logger } from 'pino'

/** The part of the process's log that this room writes to. */
export type Log = Pick<Logger, 'debug' | 'info' | 'warn' | 'error'>
