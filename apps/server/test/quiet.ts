import { pino } from 'pino'

/** A log nobody reads. */
export const quiet = pino({ level: 'silent' })
