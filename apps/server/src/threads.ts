import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { Logger } from 'pino'
import type { ExecutorThreadData } from './executor-thread.ts'
import type { RunningService } from './services/service.ts'

const restartMs = 1_000
/** A thread that does not end on its own by then is ended. */
const stopMs = 20_000

/** Runs the executor in a thread, and starts it again when it dies: its branches are found by the sweep. */
export const startExecutorThread = async (data: ExecutorThreadData, log: Logger): Promise<RunningService> => {
  let isStopping = false
  let worker = await start(data)

  const watch = () => {
    const watched = worker
    watched.on('error', (error) => log.error({ err: error }, 'the executor failed'))
    watched.once('exit', () => {
      if (isStopping) return
      log.warn('the executor ended unexpectedly; starting it again')
      const again = async () => {
        if (isStopping) return
        try {
          worker = await start(data)
          watch()
        } catch (error) {
          log.error({ err: error }, 'the executor cannot start; trying again')
          setTimeout(() => void again(), restartMs)
        }
      }
      setTimeout(() => void again(), restartMs)
    })
  }
  watch()

  return {
    stop: async () => {
      isStopping = true
      const ended = once(worker, 'exit')
      worker.postMessage('stop')
      const timer = setTimeout(() => void worker.terminate(), stopMs)
      await ended
      clearTimeout(timer)
    },
  }
}

const start = async (data: ExecutorThreadData): Promise<Worker> => {
  const worker = new Worker(new URL('./executor-thread.ts', import.meta.url), { workerData: data })
  await once(worker, 'message') // rejects with the error of a thread that cannot start
  return worker
}
