import { TransportError } from '../fault.ts'
import type { OutputStream, ShellExit } from '../shell.ts'
import { sleep } from '../wait.ts'
import { collectText, streamText, words } from './follow-text.ts'
import { checkedId } from './guard.ts'
import type { FollowEnd, FollowRequest, Guarded, OutputPosition } from './posix-shell.ts'
import { lostReason, parseRecord, type StepRecord } from './record.ts'
import { runOnShell, type Ground } from './run.ts'

const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 2_000
/** So often what is missing is asked for again without getting any of it. */
const MOST_SHORT_READINGS = 10

/** Hands on output until the end of the command or of `signal`; stopping is not its affair. */
export const followOnShell = async (
  ground: Ground,
  request: Pick<FollowRequest, 'id' | 'from' | 'onOutput' | 'signal'>,
): Promise<FollowEnd> => {
  const id = checkedId(request)
  const { signal } = request
  const position: OutputPosition = { stdout: 0, stderr: 0, ...request.from }
  const uncontrolled: Ground = { ...ground, control: undefined }

  // what something left behind writes after the end is not the command's, and may have no end
  let sizes: OutputPosition | undefined
  const enough = new AbortController()
  const reading = AbortSignal.any([signal, enough.signal])

  const hand = (stream: OutputStream, bytes: Uint8Array): void | Promise<void> => {
    const offset = position[stream]
    const mine = sizes === undefined ? bytes : bytes.subarray(0, Math.max(0, sizes[stream] - offset))
    position[stream] += mine.length
    if (mine.length < bytes.length && isComplete()) enough.abort()
    return mine.length === 0 ? undefined : request.onOutput(stream, mine, offset)
  }
  const isComplete = (): boolean =>
    sizes !== undefined && position.stdout >= sizes.stdout && position.stderr >= sizes.stderr

  /** Hands on the output behind the first line. @returns what that says; undefined when it did not come to its end */
  const ask = async (script: string, input?: AsyncIterable<Uint8Array>): Promise<StepRecord | Word | undefined> => {
    let line = ''
    let said: StepRecord | Word | undefined
    const exit = await runOnShell(uncontrolled, {
      script,
      ...(input === undefined ? {} : { input }),
      signal: reading,
      onOutput: (stream, bytes) => {
        if (stream === 'stderr' || said !== undefined) return hand(stream, bytes)
        const end = bytes.indexOf(NEWLINE)
        line += Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString()
        if (end < 0) return undefined
        said = wordOrRecord(line)
        if (typeof said !== 'string' && said.kind === 'ended') sizes = said.sizes
        return end + 1 < bytes.length ? hand(stream, bytes.subarray(end + 1)) : undefined
      },
    })
    if (!reading.aborted) checkAnswered(exit)
    return said
  }

  const stream = (): Promise<StepRecord | Word | undefined> => {
    const over = Promise.withResolvers<void>()
    return ask(streamText(id, ground.place, position), heldOpen(over.promise)).finally(over.resolve)
  }

  let canStream = true
  let isDoubted = false
  let short = 0
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 1.5, LONGEST_PAUSE_MS)) {
    const before = position.stdout + position.stderr
    let said: StepRecord | Word | undefined = canStream ? await stream() : words.cannot
    if (signal.aborted) return { kind: 'left' }
    if (said === words.cannot) canStream = false
    if (typeof said !== 'object') said = await ask(collectText(id, ground.place, position))
    if (signal.aborted) return { kind: 'left' }
    const end = typeof said === 'object' ? endOf(said) : untold(short)
    // its keeper may have noted the end and gone between the two looks
    const isSure = end !== undefined && (end.kind !== 'unknown' || isDoubted)
    // a connection that is slow may tell the end of the reading before it hands on what was read
    const isShort = typeof said !== 'object' || (sizes !== undefined && !isComplete())
    if (isSure && (!isShort || short >= MOST_SHORT_READINGS))
      return isShort && end.kind === 'exited' ? { ...end, isOutputCut: true } : end
    if (isShort) short++
    isDoubted = end !== undefined
    if (position.stdout + position.stderr > before) {
      pauseMs = FIRST_PAUSE_MS
      short = 0
    }
    await pause(pauseMs, signal)
  }
}

const NEWLINE = 10

const untold = (times: number): FollowEnd | undefined =>
  times < MOST_SHORT_READINGS
    ? undefined
    : { kind: 'unknown', reason: 'The target does not tell what became of the command.' }

type Word = (typeof words)[keyof typeof words]

const wordOrRecord = (line: string): StepRecord | Word =>
  line === words.streams || line === words.cannot ? line : parseRecord(line)

const endOf = (record: StepRecord): FollowEnd | undefined => {
  switch (record.kind) {
    case 'missing':
      return { kind: 'unknown', reason: 'The target knows nothing of this command.' }
    case 'burnt':
      return { kind: 'unknown', reason: 'The command was never started, and never will be.' }
    case 'blank':
      return { kind: 'unknown', reason: 'The target could not note whether the command was started.' }
    case 'ended':
      return { ...record.exit, ...(record.stopReason === undefined ? {} : { stopReason: record.stopReason }) }
    case 'begun': {
      const reason = lostReason(record)
      if (reason === undefined) return undefined
      const group = record.hasMembers ? record.processGroup : undefined
      return { kind: 'unknown', reason, ...(group === undefined ? {} : { processGroup: group }) }
    }
  }
}

/** A lost connection is thrown; who ends our reading does not end the command. */
const checkAnswered = (exit: ShellExit | Guarded): void => {
  if (exit.kind === 'exited' || exit.kind === 'signalled') return
  throw new TransportError(
    'unreachable',
    'command',
    'The connection to the target was lost while the output of a command was read. The command goes on.',
    { started: true, ...(exit.kind === 'unknown' ? { said: exit.reason } : {}) },
  )
}

/** A standard input with nothing in it that ends when `over` does. */
const heldOpen = (over: Promise<void>): AsyncIterable<Uint8Array> => ({
  [Symbol.asyncIterator]: () => ({
    next: async () => {
      await over
      return { done: true, value: undefined }
    },
  }),
})

const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  const aborted = Promise.withResolvers<void>()
  const onAbort = (): void => aborted.resolve()
  signal.addEventListener('abort', onAbort, { once: true })
  await Promise.race([sleep(ms), aborted.promise])
  signal.removeEventListener('abort', onAbort)
}
