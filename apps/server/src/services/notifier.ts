import type { Logger } from 'pino'
import type { RunningService } from './service.ts'

/** Turns facts into messages. No channel exists yet: it hears no facts, and none waits for it. */
export const startNotifier = (log: Logger): RunningService => {
  log.info('the notifier has no channels yet')
  return { stop: async () => {} }
}
