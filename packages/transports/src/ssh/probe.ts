import { TransportError, type ConnectPhase } from '../fault.ts'
import type { Shell } from '../shell.ts'
import type { Trust } from './handshake.ts'
import type { HostKey } from './host-key.ts'
import type { OnPhase } from './phases.ts'

export type ProbePhase = { phase: ConnectPhase; state: 'passed' | 'failed' | 'not_reached'; ms: number }

export type ProbeReport = {
  /** All five, in their order. */
  phases: ProbePhase[]
  /** The key shown, also when it was not trusted. */
  hostKey?: HostKey
  /** What `uname -sr` says, e.g. `Linux 6.1.0`; absent where there is no such command. */
  system?: string
  /** Absent when everything passed. */
  error?: TransportError
}

type ProbeRequest = { trust: Trust; onPhase?: OnPhase; signal: AbortSignal }

const order: readonly ConnectPhase[] = ['dns', 'connect', 'host_key', 'authentication', 'command']

type Watch = { onPhase: OnPhase; trust: Trust }
type WithShell = (watch: Watch, use: (shell: Shell) => Promise<string>) => Promise<string>

/** Runs the phases over `withShell`, which makes a connection of its own, and reports each with its time. */
export const probe = async (request: ProbeRequest, withShell: WithShell): Promise<ProbeReport> => {
  const passed = new Map<ConnectPhase, number>()
  let startedAt = performance.now()
  let hostKey: HostKey | undefined
  const onPhase: OnPhase = (phase, state, ms) => {
    if (state === 'started') startedAt = performance.now()
    else passed.set(phase, ms)
    request.onPhase?.(phase, state, ms)
  }
  const trust: Trust = (offered) => {
    hostKey = offered
    return request.trust(offered)
  }

  let error: TransportError | undefined
  let system = ''
  try {
    system = await withShell({ onPhase, trust }, async (shell) => {
      onPhase('command', 'started', 0)
      const answer = await askSystem(shell, request.signal)
      onPhase('command', 'finished', performance.now() - startedAt)
      return answer
    })
  } catch (cause) {
    error =
      cause instanceof TransportError
        ? cause
        : new TransportError(
            'protocol',
            'command',
            'The test failed for a reason of its own; the log says which.',
            {},
            cause,
          )
  }

  const failedMs = performance.now() - startedAt
  const failed = error?.phase
  return {
    phases: order.map((phase): ProbePhase => {
      const ms = passed.get(phase)
      if (ms !== undefined) return { phase, state: 'passed', ms }
      return phase === failed ? { phase, state: 'failed', ms: failedMs } : { phase, state: 'not_reached', ms: 0 }
    }),
    ...(hostKey === undefined ? {} : { hostKey }),
    ...(system === '' ? {} : { system }),
    ...(error === undefined ? {} : { error }),
  }
}

const COMMAND_WITHIN_MS = 10_000

const askSystem = async (shell: Shell, signal: AbortSignal): Promise<string> => {
  let text = ''
  const exit = await shell.run({
    script: 'uname -sr 2>/dev/null; true',
    signal,
    timeoutMs: COMMAND_WITHIN_MS,
    killGraceMs: 500,
    onOutput: (stream, bytes) => {
      if (stream === 'stdout') text = (text + Buffer.from(bytes).toString()).slice(0, 200)
    },
  })
  if (exit.kind === 'exited' && exit.exitCode === 0) return text.trim()
  if (exit.kind === 'stopped' && exit.because === 'cancelled')
    throw new TransportError('cancelled', 'command', 'The test was cancelled.')
  if (exit.kind === 'stopped')
    throw new TransportError('timeout', 'command', `A plain command did not end within ${COMMAND_WITHIN_MS / 1000} s.`)
  const why = exit.kind === 'unknown' ? exit.reason : 'It ended in an unexpected way.'
  throw new TransportError('protocol', 'command', `A plain command did not work. ${why}`)
}
