import { isatty } from 'node:tty'
import { type DestinationStream, type Logger, pino } from 'pino'
import { PinoPretty } from 'pino-pretty'

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

/**
 * The process's log on standard error, so that standard output stays for what a person asked to see: JSON lines for
 * machines, and plain lines where a person watches.
 */
export const createLog = (level: LogLevel, name: string): Logger =>
  pino(
    {
      level,
      base: { service: name },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: secretKeys.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: '[hidden]' },
    },
    destination(),
  )

const destination = (): DestinationStream =>
  isatty(2)
    ? PinoPretty({
        destination: 2,
        sync: true,
        colorize: true,
        translateTime: 'SYS:HH:MM:ss',
        ignore: 'service',
        singleLine: true,
      })
    : pino.destination({ dest: 2, sync: false })
