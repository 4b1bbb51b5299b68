import { api, type Execution } from '@opsconductor/contract'
import { Failure, explain, type FailureKind } from './failure.ts'
import { createFollowing, executionId } from './following.ts'
import { createLive } from './live.ts'
import type { Opsctl } from './opsctl.ts'
import { summary, troubles } from './outcome.ts'
import { createOutputLines, type Wanted } from './output-lines.ts'
import { exitCodes } from './print.ts'

export type FollowOptions = {
  execution: Execution
  /** Only this branch; the outcome is then that of the branch. */
  branch?: number | undefined
  stream?: Wanted
  cancelOnInterrupt?: boolean | undefined
}

/** After the end, output that was on its way is waited for; a quiet line for so long means that it will not come. */
const lastOutputMs = 15_000
const mostTroubles = 20

/**
 * Shows an execution's output while it comes, and ends with the execution's outcome. Ctrl-C detaches: the execution
 * goes on; with `cancelOnInterrupt` the first one cancels, and the second detaches.
 */
export const follow = async (
  ctx: Opsctl,
  { execution, branch, stream, cancelOnInterrupt }: FollowOptions,
): Promise<FailureKind> => {
  const { print, session } = ctx
  const following = createFollowing(execution, branch)
  const isPrefixed = branch === undefined && execution.counts.total > 1
  const output = createOutputLines(print, { isPrefixed, stream })
  const ended = Promise.withResolvers<FailureKind>()
  let lastOutput: NodeJS.Timeout | undefined

  const live = createLive({
    session,
    hear: (frame) => {
      if (frame.type !== 'execution' && frame.type !== 'output') return
      const effects = following.hear(frame)
      if (frame.type === 'execution') {
        const { type, execution, branches, steps } = frame
        if (print.isJson) print.jsonLine({ type, execution, branches, steps })
        output.align(branches.map((each) => each.target.name))
      }
      for (const effect of effects) {
        if (effect.do === 'subscribe') live.subscribe(effect.id, () => following.subscription(effect.id))
        else if (effect.do === 'unsubscribe') live.unsubscribe(effect.id)
        else if (effect.do === 'show')
          output.take({ number: effect.branch.number, target: effect.branch.target.name }, effect.lines)
        else output.flush(effect.branch.number)
      }
      // the first answer holds all branches
      if (branch !== undefined && following.branches().length === 0) {
        return ended.reject(new Failure('notFound', `${execution.ref} has no branch ${branch}`))
      }
      const outcome = following.outcome()
      if (outcome === undefined) return
      if (following.isAllShown()) return ended.resolve(outcome)
      clearTimeout(lastOutput)
      lastOutput = setTimeout(() => {
        print.note('The end of the output did not arrive; see: opsctl executions output', 'yellow')
        ended.resolve(outcome)
      }, lastOutputMs)
    },
    tell: (state) =>
      print.note(
        state === 'cut' ? 'The live connection is cut; trying again …' : 'The live connection is back.',
        'dim',
      ),
  })
  live.subscribe(executionId, () => following.subscription(executionId))

  const interrupts = hearInterrupts(() => {
    if (cancelOnInterrupt !== true) return ended.resolve('interrupted')
    cancelOnInterrupt = false
    print.note(`\nCancelling ${execution.ref} …`)
    ctx.call(api.executions.cancel, { params: { ref: execution.uuid } }).catch((error: unknown) => {
      for (const line of explain(error).lines) print.note(line, 'red')
    })
  })
  try {
    const running = live.run().then(() => ended.promise)
    const outcome = await Promise.race([ended.promise, running])
    if (output.isLineOpen() && print.isTerminal) print.rawError('\n')
    tellOutcome(ctx, following, outcome)
    return outcome
  } catch (error) {
    throw error instanceof Failure && error.kind === 'unreachable' ? stillRunning(execution, error) : error
  } finally {
    clearTimeout(lastOutput)
    interrupts.stop()
    live.stop()
  }
}

const tellOutcome = ({ print }: Opsctl, following: ReturnType<typeof createFollowing>, outcome: FailureKind) => {
  const execution = following.execution()
  if (print.isJson) print.jsonLine({ type: 'end', outcome, exitCode: exitCodes[outcome], execution })
  else if (outcome !== 'interrupted') {
    const lines = troubles(following.branches(), following.steps())
    for (const line of lines.slice(0, mostTroubles)) print.note(line)
    if (lines.length > mostTroubles)
      print.note(`and ${lines.length - mostTroubles} more: opsctl executions show ${execution.ref}`)
    print.note(summary(execution), outcome === 'success' ? 'green' : outcome === 'cancelled' ? 'yellow' : 'red')
    if (outcome === 'needsAttention')
      print.note('Nobody knows what became of the lost branches: look at those targets.')
  }
  if (outcome === 'interrupted') {
    const { ref } = execution
    print.note(
      `\nDetached: ${ref} goes on.\n  watch it again:  opsctl executions output ${ref} --follow\n  cancel it:       opsctl executions cancel ${ref}`,
    )
  }
}

const stillRunning = ({ ref }: Execution, error: Failure) =>
  new Failure('unreachable', error.message, {
    hint: `${ref} goes on. Watch it again with: opsctl executions output ${ref} --follow`,
    cause: error,
  })

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const hearInterrupts = (interrupt: () => void) => {
  for (const signal of signals) process.on(signal, interrupt)
  return {
    stop: () => {
      for (const signal of signals) process.off(signal, interrupt)
    },
  }
}
