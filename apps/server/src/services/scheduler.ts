import type { Logger } from 'pino'
import type { Context } from '../kernel/context.ts'
import type { RunningService } from './service.ts'

/** Something that is due now and again. Two schedulers may do it at once: each act is claimed in the database. */
export type Timer = { name: string; everyMs: number; act: (ctx: Context) => Promise<unknown> }

export const startScheduler = (
  timers: readonly Timer[],
  contextOf: (name: string) => Context,
  log: Logger,
): RunningService => {
  const stopping = new AbortController()

  const loop = async ({ name, everyMs, act }: Timer) => {
    while (!stopping.signal.aborted) {
      try {
        await act(contextOf(`scheduler ${name}`))
      } catch (error) {
        log.error({ err: error, timer: name }, 'a timer failed; it comes again')
      }
      await pause(everyMs, stopping.signal)
    }
  }
  const loops = timers.map(loop)
  log.info({ timers: timers.map(({ name }) => name) }, 'the scheduler watches')

  return {
    stop: async () => {
      stopping.abort()
      await Promise.all(loops)
    },
  }
}

const pause = (ms: number, signal: AbortSignal) =>
  new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
    if (signal.aborted) {
      clearTimeout(timer)
      resolve()
    }
  })
