import type { StepTimings } from '@opsconductor/contract'
import type { Sums } from '../../../kernel/metrics/sums.ts'

/** A try of a step that has ended. */
export type MeasuredStep = StepTimings & {
  type: string
  method: string | null
  status: string
  fault: string | null
  exitCode: number | null
  signal: string | null
  outputBytes: number
}

const phases = {
  wait: 'waitMs',
  connect: 'connectMs',
  authenticate: 'authenticateMs',
  run: 'runMs',
  collect: 'collectMs',
} as const satisfies Record<string, keyof StepTimings>

const exitOf = ({ exitCode, signal }: MeasuredStep) =>
  signal !== null ? 'signal' : exitCode === null ? 'none' : exitCode === 0 ? '0' : 'other'

/** What executors count for /metrics. */
export const createStepMetrics = ({ sums }: { sums: Sums }) => ({
  step: (step: MeasuredStep) => {
    const { type, method, status, fault, outputBytes } = step
    const of = { type, method: method ?? 'none' }
    sums.add('opsconductor_steps_total', { ...of, status, fault: fault ?? '', exit: exitOf(step) })
    if (outputBytes > 0) sums.add('opsconductor_step_output_bytes_total', of, outputBytes)
    for (const [phase, key] of Object.entries(phases)) {
      const ms = step[key]
      if (ms !== null) sums.observe('opsconductor_step_seconds', { phase, ...of }, ms / 1000)
    }
  },
  /** A branch that has ended on its target. */
  branch: (target: string, status: string) => sums.add('opsconductor_branches_total', { target, status }),
})

export type StepMetrics = ReturnType<typeof createStepMetrics>
