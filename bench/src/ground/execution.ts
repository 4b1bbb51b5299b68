import { api, type Execution, isFinalExecution, type JobDocumentInput } from '@opsconductor/contract'
import type { Go } from '../report/turns.ts'
import type { Server } from '../server-process.ts'

export type Job = Omit<JobDocumentInput, 'steps'> & { steps: readonly StepInput[] }
type StepInput = JobDocumentInput['steps'][number]

/** `true` as a step that stays attached to its connection. */
export const runTrue = { type: 'ssh.exec', command: 'true', timeoutSec: 60 } satisfies StepInput

export const addJob = async ({ call }: Server, job: JobDocumentInput): Promise<string> =>
  (await call(api.jobs.create, { body: job })).serial

/**
 * Runs a job: from the call to the moment at which the database had it as completed. The clocks are those of this machine;
 * it is asked so seldom that the asking costs nothing.
 *
 * @throws Error when anything of it did not complete
 */
export const execute = async (server: Server, job: string): Promise<Go & { execution: Execution }> => {
  const cpuBefore = server.cpuMs()
  const askedAt = Date.now()
  const { uuid } = await server.call(api.executions.start, { params: { ref: job }, body: {} })
  const execution = await untilEnded(server, uuid)
  const cpuMs = server.cpuMs() - cpuBefore
  if (execution.status !== 'completed' || execution.finishedAt === null)
    throw new Error(
      `${execution.ref} ${execution.status}: ${JSON.stringify(execution.counts)} ${await why(server, uuid)}`,
    )
  return { wallMs: Date.parse(execution.finishedAt) - askedAt, cpuMs, execution }
}

export const untilEnded = async ({ call }: Server, ref: string): Promise<Execution> => {
  for (;;) {
    const execution = await call(api.executions.read, { params: { ref } })
    if (isFinalExecution(execution.status)) return execution
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

const why = async ({ call }: Server, ref: string): Promise<string> => {
  const { items } = await call(api.executions.branches, { params: { ref }, query: { limit: 3, status: 'failed' } })
  return items.map(({ message }) => message).join('; ')
}
