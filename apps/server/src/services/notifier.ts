import type { Logger } from 'pino'
import type { RunningService } from './service.ts'

/** Turns facts into messages. No channel exists yet, so there is nothing to deliver; facts wait in their rows. */
export const startNotifier = (log: Logger): RunningService => {
  log.info('the notifier has no channels yet')
  return { stop: async () => {} }
}
