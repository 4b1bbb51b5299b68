import type { Stopped } from '../shell.ts'
import { followOnShell } from './follow.ts'
import type { FollowEnd, FollowRequest, StopRequest } from './posix-shell.ts'
import type { Ground } from './run.ts'

/** Follows, and stops the command when `cancel` or the time-out says so; its last output is still handed on. */
export const followUntilStopped = async (
  ground: Ground,
  stop: (request: StopRequest) => Promise<Stopped>,
  request: FollowRequest,
): Promise<FollowEnd> => {
  const { cancel, timeoutMs, signal, id, killGraceMs } = request
  const leave = new AbortController()
  let stopping: Promise<Stopped> | undefined
  const unstoppable = Promise.withResolvers<Stopped>()

  const begin = (because: Stopped['because']): void => {
    stopping ??= stop({ id, because, ...(killGraceMs === undefined ? {} : { killGraceMs }) }).then((stopped) => {
      // what goes on or cannot be reached would be followed for ever
      if (stopped.outcome !== 'stopped') unstoppable.resolve(stopped)
      return stopped
    })
  }
  const onCancel = (): void => begin('cancelled')
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => begin('timeout'), timeoutMs)
  cancel?.addEventListener('abort', onCancel, { once: true })
  if (cancel?.aborted === true) onCancel()

  try {
    const following = followOnShell(ground, { ...request, signal: AbortSignal.any([signal, leave.signal]) })
    const end = await Promise.race([following, unstoppable.promise])
    return stopping === undefined || end.kind === 'left' ? end : await stopping
  } catch (error) {
    // what became of the command matters more than the rest of its output
    if (stopping !== undefined) return await stopping
    throw error
  } finally {
    clearTimeout(timer)
    cancel?.removeEventListener('abort', onCancel)
    leave.abort()
  }
}
