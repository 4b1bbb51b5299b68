import type { Branch, Execution, OutputLine, ServerFrame, StepResult, Subscription } from '@opsconductor/contract'
import type { FailureKind } from './failure.ts'
import { branchOutcome, outcomeOf } from './outcome.ts'

type Heard = Extract<ServerFrame, { type: 'execution' | 'output' }>

/** What a frame makes the follower do. */
export type Effect =
  | { do: 'subscribe'; id: string }
  | { do: 'unsubscribe'; id: string }
  | { do: 'show'; branch: Branch; lines: OutputLine[] }
  | { do: 'finish'; branch: Branch }

export type Following = ReturnType<typeof createFollowing>

export const executionId = 'execution'
/** A connection carries 500 subscriptions; further branches are shown as earlier ones end, and nothing of them is lost. */
const outputsAtOnce = 400
const outputId = (number: number) => `output ${number}`

/**
 * What is known of an execution while it is followed: pure state, fed with frames. It remembers the last number seen of
 * each subscription, drops what comes twice after a cut connection, and sees where something is missing.
 */
export const createFollowing = (started: Execution, only?: number) => {
  let execution = started
  let lastChange = 0
  const branches = new Map<number, Branch>()
  const steps = new Map<string, StepResult>()
  const outputs = new Map<number, { lastSeq: number; isComplete: boolean; gapAfter?: number }>()
  /** Branches whose output is yet to be asked for. */
  const waiting: number[] = []
  let openOutputs = 0
  const isWanted = (number: number) => only === undefined || only === number

  const openWaiting = (): Effect[] => {
    const opened = waiting.splice(0, outputsAtOnce - openOutputs)
    openOutputs += opened.length
    return opened.map((number) => ({ do: 'subscribe', id: outputId(number) }))
  }

  const hearExecution = (frame: Extract<Heard, { type: 'execution' }>): Effect[] => {
    lastChange = Math.max(lastChange, frame.seq)
    if (frame.execution.changeSeq >= execution.changeSeq) execution = frame.execution
    for (const step of frame.steps) {
      const key = `${Number(step.branch)} ${step.index} ${step.attempt}`
      if (step.changeSeq >= (steps.get(key)?.changeSeq ?? 0)) steps.set(key, step)
    }
    for (const branch of frame.branches) {
      const number = Number(branch.number)
      if (branch.changeSeq >= (branches.get(number)?.changeSeq ?? 0)) branches.set(number, branch)
      const mayHaveOutput = branch.startedAt !== null || branch.outputLines > 0
      if (mayHaveOutput && isWanted(number) && !outputs.has(number)) {
        outputs.set(number, { lastSeq: 0, isComplete: false })
        waiting.push(number)
      }
    }
    return openWaiting()
  }

  const hearOutput = (frame: Extract<Heard, { type: 'output' }>): Effect[] => {
    const number = Number(frame.id.slice(outputId(0).length - 1))
    const branch = branches.get(number)
    const output = outputs.get(number)
    if (branch === undefined || output === undefined || output.isComplete) return []
    const lines = frame.lines.filter((line) => line.seq > output.lastSeq)
    const [first] = lines
    if (first !== undefined && first.seq > output.lastSeq + 1 && output.gapAfter !== output.lastSeq) {
      // asked for once more from the last number seen; what is missing then as well is missing at the server
      output.gapAfter = output.lastSeq
      return [{ do: 'subscribe', id: frame.id }]
    }
    output.lastSeq = Math.max(output.lastSeq, frame.seq, ...lines.map((line) => line.seq))
    const effects: Effect[] = lines.length === 0 ? [] : [{ do: 'show', branch, lines }]
    if (!frame.isComplete) return effects
    output.isComplete = true
    openOutputs -= 1
    return [...effects, { do: 'finish', branch }, { do: 'unsubscribe', id: frame.id }, ...openWaiting()]
  }

  return {
    hear: (frame: Heard) => (frame.type === 'execution' ? hearExecution(frame) : hearOutput(frame)),
    /** Where a subscription goes on from. */
    subscription: (id: string): Subscription => {
      if (id === executionId) return { topic: 'execution', ref: execution.uuid, from: lastChange }
      const number = Number(id.slice(outputId(0).length - 1))
      return { topic: 'output', ref: execution.uuid, branch: number, from: outputs.get(number)?.lastSeq ?? 0 }
    },
    execution: () => execution,
    branches: () => [...branches.values()].filter((branch) => isWanted(Number(branch.number))),
    steps: () => [...steps.values()],
    /** How it ended, whether or not all output is here; nothing while it goes on. */
    outcome: (): FailureKind | undefined => {
      if (only === undefined) return outcomeOf(execution)
      const branch = branches.get(only)
      return branch === undefined ? undefined : branchOutcome(branch.status)
    },
    /** Has all output arrived of what has ended? A lost branch may yet say more, and is not waited for. */
    isAllShown: () =>
      [...outputs].every(([number, { isComplete }]) => isComplete || branches.get(number)?.status === 'lost'),
  }
}
