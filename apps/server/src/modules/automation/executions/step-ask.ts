import { type GuardAnswer, type GuardedShell, type Stopped, TransportError } from '@opsconductor/transports'
import type { Context } from '../../../kernel/context.ts'
import type { RunMethod } from '../../assets/index.ts'
import { sleep } from '../../../kernel/sleep.ts'
import { connectStep, type Link, type Progressed, type StepPorts, type StepTry, timeLeftMs } from './step-link.ts'
import { outcome, outcomeOfExit, type StepOutcome } from './step-outcome.ts'

/** Somebody waits for a cancel. */
const cancelPatienceMs = 15_000
const firstPauseMs = 500
const longestPauseMs = 10_000
/** An attached command whose connection is lost cannot tell when it ends. */
const lookEveryMs = 1_000

/** Targets forget a step after 7 days: what one that began before says by knowing nothing of it proves nothing. */
const believedForMs = 6 * 24 * 3600 * 1000

/** `left`: others go on from here; the command was not touched. `never began`: it has not, and it never will. */
export type Asked = StepOutcome | 'left' | 'never began'

/**
 * Asks the target what became of a step that somebody has begun, and stays with it to its end: a detached command is
 * followed where its output was left, over as many connections as it takes.
 *
 * @param methods those over which it may have begun
 */
export const askTarget = async (
  ctx: Context,
  ports: StepPorts,
  run: StepTry,
  progressed: Progressed,
  methods: readonly RunMethod[],
  first?: Link,
): Promise<{ asked: Asked; link: Link | undefined }> => {
  const { hold } = run
  let link = first
  let silentSinceMs = Date.now()
  let pauseMs = firstPauseMs
  const isGone = methods.length === 0 // no patience leads there
  for (;;) {
    try {
      link ??= await connectStep(ctx, ports, run, methods, hold.leaving)
      const answer = await link.shell.burn(run.guard)
      silentSinceMs = Date.now()
      pauseMs = firstPauseMs
      const asked = await goOn(link.shell, run, progressed, answer)
      if (asked !== 'look again') return { asked, link }
      await sleep(lookEveryMs, hold.leaving)
    } catch (error) {
      if (!(error instanceof TransportError)) throw error
      await link?.shell[Symbol.asyncDispose]()
      link = undefined
      if (hold.leaving.aborted) return { asked: 'left', link }
      const silentMs = Date.now() - silentSinceMs
      if (hold.cancelled.aborted && (silentMs > cancelPatienceMs || isGone)) {
        const stopped: Stopped = { kind: 'stopped', because: 'cancelled', outcome: 'unconfirmed', pids: [] }
        return { asked: outcomeOfExit(stopped, run.work.step), link }
      }
      if (silentMs > ports.unreachableSec * 1000 || isGone) return { asked: unanswered(error), link }
      if (pauseMs === firstPauseMs) await run.note(`${error.message} Trying again.`)
      await sleep(pauseMs, hold.leaving)
      pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    }
    if (hold.leaving.aborted) return { asked: 'left', link }
  }
}

const forgotten = () =>
  outcome({
    status: 'unknown',
    message:
      'The target knows nothing of it, but it began more than 6 days ago, and what a target notes of a step goes after 7: it may have run.',
  })

const unanswered = (error: TransportError) =>
  outcome({
    status: 'unknown',
    fault: error.fault,
    message: `The target cannot be asked what became of it: ${error.message}`,
  })

const goOn = async (
  shell: GuardedShell,
  run: StepTry,
  progressed: Progressed,
  answer: GuardAnswer,
): Promise<Asked | 'look again'> => {
  const { hold, work, guard } = run
  if (answer.kind !== 'burnt') progressed.isDetached = answer.isDetached
  switch (answer.kind) {
    case 'burnt':
      return Date.now() - progressed.beganAtMs > believedForMs ? forgotten() : 'never began'
    case 'gone':
      return outcome({ status: 'unknown', message: `Nobody knows how it ended: ${answer.reason}` })
    case 'ended': {
      if (answer.isDetached) return follow(shell, run, progressed)
      const ended = outcomeOfExit(
        { ...answer.exit, ...(answer.stopReason === undefined ? {} : { stopReason: answer.stopReason }) },
        work.step,
      )
      const lost = 'What it wrote after its connection was lost is not known.'
      return { ...ended, message: ended.message === null ? `It completed. ${lost}` : `${ended.message} ${lost}` }
    }
    case 'running': {
      if (answer.isDetached) return follow(shell, run, progressed)
      const isLate = (timeLeftMs(run, progressed) ?? Infinity) <= 1
      if (!isLate && !hold.cancelled.aborted) return 'look again'
      const because = hold.cancelled.aborted ? 'cancelled' : 'timeout'
      return outcomeOfExit(await shell.stop({ ...guard, because }), work.step)
    }
  }
}

/** Takes the output of a detached command from where it was left, to the end. */
export const follow = async (
  shell: GuardedShell,
  run: StepTry,
  progressed: Progressed,
): Promise<StepOutcome | 'left'> => {
  const { hold, work, output, guard } = run
  const timeoutMs = timeLeftMs(run, progressed)
  const end = await shell.follow({
    ...guard,
    from: progressed.position,
    onOutput: (stream, bytes, offset) => {
      progressed.position[stream] = offset + bytes.length
      return output.write(stream, bytes)
    },
    signal: hold.leaving,
    cancel: hold.cancelled,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  })
  return end.kind === 'left' ? 'left' : outcomeOfExit(end, work.step)
}
