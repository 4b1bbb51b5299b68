import type { GuardAnswer, RecordedExit, StopReason } from './posix-shell.ts'

/** The state of a step's folder, as `describeText` tells it. */
export type StepRecord =
  | { kind: 'burnt' | 'missing' | 'blank' }
  | {
      kind: 'begun'
      isDetached: boolean
      /** The guard is taken, and the command may still turn out not to start. */
      isStarting: boolean
      /** Its first process, or its keeper, lives. */
      isAlive: boolean
      /** The group still has members. */
      hasMembers: boolean
      isRebooted: boolean
      processGroup: number | undefined
    }
  | {
      kind: 'ended'
      isDetached: boolean
      exit: RecordedExit
      /** How much it had written when it ended; absent for attached ones. */
      sizes: { stdout: number; stderr: number } | undefined
      stopReason: StopReason | undefined
    }

// the same everywhere (POSIX, "kill"), for shells that do not tell names
const names: Record<string, string> = { 1: 'HUP', 2: 'INT', 3: 'QUIT', 6: 'ABRT', 9: 'KILL', 14: 'ALRM', 15: 'TERM' }

/**
 * @param line `<1 if it lives> <1 if its group has members> <group> <state …>`, or `missing`
 */
export const parseRecord = (line: string): StepRecord => {
  if (line.trim() === 'missing') return { kind: 'missing' }
  const [alive, members, group = '', state = '', ...rest] = line.trim().split(/ +/)
  switch (state) {
    case 'burnt':
    case 'unstarted':
      return { kind: 'burnt' }
    case 'attached':
    case 'starting':
    case 'running': {
      const [, , boot, bootNow] = rest
      return {
        kind: 'begun',
        isDetached: state !== 'attached',
        isStarting: state === 'starting',
        isAlive: alive === '1',
        hasMembers: members === '1',
        isRebooted: boot !== bootNow,
        processGroup: /^\d+$/.test(group) && Number(group) > 1 ? Number(group) : undefined,
      }
    }
    case 'ended': {
      const [how, value = '', certainty = '', out = '-', err = '-', held, stopReason] = rest
      return {
        kind: 'ended',
        isDetached: out !== '-',
        exit: exitOf(how === 'signalled', value, certainty, held === 'held'),
        sizes: out === '-' ? undefined : { stdout: Number(out), stderr: Number(err) },
        stopReason: reasonOf(stopReason),
      }
    }
    default:
      return { kind: 'blank' }
  }
}

const reasonOf = (word: string | undefined): StopReason | undefined =>
  word === 'cancelled' || word === 'timeout' || word === 'output_limit' ? word : undefined

const exitOf = (isSignal: boolean, value: string, certainty: string, isHeld: boolean): RecordedExit =>
  isSignal
    ? { kind: 'signalled', signal: nameOf(value) }
    : {
        kind: 'exited',
        exitCode: Number(value),
        ...(certainty === 'sure' ? {} : { possibleSignal: nameOf(certainty) }),
        ...(isHeld ? { isOutputHeldOpen: true } : {}),
      }

const nameOf = (value: string): string => names[value] ?? value.replace(/^SIG/, '')

/** Why nobody will ever know how it ended; `undefined` while its first process or its keeper lives. */
export const lostReason = (record: StepRecord & { kind: 'begun' }): string | undefined => {
  if (record.isRebooted) return 'The target was started anew while the command ran.'
  if (record.isAlive) return undefined
  if (record.isDetached)
    return record.hasMembers
      ? 'The process on the target that watches over the command was ended; the command itself still runs.'
      : 'The process on the target that watches over the command was ended, and the command does not run any more.'
  return 'The command does not run any more, and how it ended was told over a connection that is lost.'
}

export const guardAnswer = (record: StepRecord): GuardAnswer => {
  switch (record.kind) {
    case 'burnt':
      return { kind: 'burnt' }
    case 'missing':
    case 'blank':
      return {
        kind: 'gone',
        isDetached: false,
        reason: 'The target could not note whether the command was started; its disk may have been full.',
        processGroup: undefined,
      }
    case 'begun': {
      const { isDetached, processGroup } = record
      const reason = lostReason(record)
      return reason === undefined
        ? { kind: 'running', isDetached, processGroup }
        : { kind: 'gone', isDetached, reason, processGroup: record.hasMembers ? processGroup : undefined }
    }
    case 'ended': {
      const { isDetached, exit, stopReason } = record
      return { kind: 'ended', isDetached, exit, ...(stopReason === undefined ? {} : { stopReason }) }
    }
  }
}
