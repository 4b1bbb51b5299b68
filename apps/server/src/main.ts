import type { Logger } from 'pino'
import { createApp, type ServiceName } from './app.ts'
import { type Arguments, readArguments, usage, UsageError } from './arguments.ts'
import { type Config, ConfigError, printConfig, readConfig, unknownSettings } from './config.ts'
import { addDemonstration } from './demonstration.ts'
import { createClosing } from './kernel/closing.ts'
import { createLog } from './kernel/log.ts'
import { ensureAdministrator, prepareContents, prepareDatabase, resetPassword } from './preparation.ts'
import type { RunningService } from './services/service.ts'
import { startExecutorThread } from './threads.ts'

const say = (text: string) => void process.stdout.write(`${text}\n`)

/** Configuration → database → app → services → wait for a signal → stop in reverse. */
const run = async (argv: readonly string[]): Promise<number> => {
  const { command, username, isDemo, wantsHelp } = readArguments(argv)
  if (wantsHelp) {
    say(usage)
    return 0
  }
  const read = readConfig()
  const config = { ...read, LOCAL_TRANSPORT: read.LOCAL_TRANSPORT || isDemo }
  if (command === 'config') {
    say([printConfig(config), ...unknownSettings().map((name) => `not a setting: ${name}`)].join('\n'))
    return 0
  }

  const log = createLog(config.LOG_LEVEL, 'opsconductor')
  for (const name of unknownSettings()) log.warn(`${name} is not a setting; see docs/configuration.md`)
  const stopAsked = waitForSignal()
  try {
    await serve({ command, username, isDemo }, config, log, stopAsked)
  } catch (error) {
    if (!isBecauseOf(error, stopAsked.reason)) throw error
    say('Stopped.')
    if (command !== 'start') return 130
  }
  return 0
}

/** @throws the signal's reason where the stop was asked for before everything had started */
const serve = async (
  { command, username, isDemo }: Omit<Arguments, 'wantsHelp'>,
  config: Config,
  log: Logger,
  stopAsked: AbortSignal,
): Promise<void> => {
  const ground = await prepareDatabase(config, log, stopAsked)
  const { add, close } = createClosing()
  add(ground.stop)
  try {
    stopAsked.throwIfAborted()
    // beside other services the executor has a thread of its own
    const here: ServiceName[] =
      config.SERVICES.length > 1 ? config.SERVICES.filter((name) => name !== 'executor') : config.SERVICES
    const services = command === 'start' ? here : []
    const app = await createApp({ config, ...ground, log, services })
    add(app.close)
    if (command === 'reset-password') {
      const password = await resetPassword(app, username)
      say(`\n  user name  ${username}\n  password   ${password}\n\n  It must be changed at the next log-in.\n`)
      return
    }
    await prepareContents(app)
    if (isDemo) await addDemonstration(app)
    stopAsked.throwIfAborted()

    let url: string | null = null
    const start = async (name: ServiceName): Promise<RunningService> => {
      if (name === 'gateway') {
        const gateway = await app.starts.gateway()
        url = gateway.url
        return gateway
      }
      if (here.includes(name)) return app.starts[name]()
      const { databaseUrl, masterKeys } = ground
      return startExecutorThread({ config, databaseUrl, masterKeys: [...masterKeys] }, log)
    }
    // side by side, for the executor's thread takes as long as all the others; whatever began is stopped below
    const begun = await Promise.allSettled(config.SERVICES.map(start))
    for (const one of begun) if (one.status === 'fulfilled') add(one.value.stop)
    for (const one of begun) if (one.status === 'rejected') throw one.reason
    // last: a password that was made up is never lost to what fails before it is printed
    const password = await ensureAdministrator(app, config)
    say(greeting(url, password, config.SERVICES))
    await aborted(stopAsked)
    say('Stopping …')
  } finally {
    await close()
  }
}

const greeting = (url: string | null, password: string | null, services: readonly string[]) =>
  [
    '',
    url === null ? `OpsConductor runs: ${services.join(', ')}.` : `OpsConductor is ready:  ${url}`,
    ...(password === null
      ? []
      : [
          '',
          '  user name  admin',
          `  password   ${password}`,
          '',
          '  This password is shown only now. You will choose another one when you log in.',
        ]),
    '',
    'Press Ctrl-C to stop.',
    '',
  ].join('\n')

const explain = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}\n  because: ${explain(error.cause)}`
}

const aborted = (signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
    if (signal.aborted) resolve()
  })

const isBecauseOf = (error: unknown, reason: unknown): boolean =>
  error !== undefined && (error === reason || (error instanceof Error && isBecauseOf(error.cause, reason)))

/** Aborts when the process is asked to stop. npm hands the terminal's Ctrl-C on, so it arrives twice: a second one counts only after two seconds. */
const waitForSignal = (): AbortSignal => {
  const stop = new AbortController()
  let askedAt = 0
  const asked = () => {
    if (askedAt === 0) {
      askedAt = performance.now()
      stop.abort()
    } else if (performance.now() - askedAt > 2_000) process.exit(130)
  }
  process.on('SIGINT', asked)
  process.on('SIGTERM', asked)
  process.on('SIGHUP', asked)
  return stop.signal
}

try {
  process.exitCode = await run(process.argv.slice(2))
} catch (error) {
  // the message is for the operator; where it is not enough, its causes say more
  process.stderr.write(`\n${explain(error)}\n${error instanceof UsageError ? `\n${usage}` : ''}`)
  process.exitCode = error instanceof ConfigError || error instanceof UsageError ? 2 : 1
}
