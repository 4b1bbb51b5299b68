import { type Logger, pino } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

/** Wherever such a key stands in what is logged, its value is not written. */
const secretKeys = [
  'password',
  'secret',
  'privateKey',
  'passphrase',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'token',
]

/** The process's log: JSON lines on standard error, so that standard output stays for what a person asked to see. */
export const createLog = (level: LogLevel, name: string): Logger =>
  pino(
    {
      level,
      base: { service: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[hidden]' },
    },
    pino.destination({ dest: 2, sync: false }),
  )
