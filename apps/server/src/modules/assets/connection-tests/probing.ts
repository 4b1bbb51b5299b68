import { ConnectPhase, type MethodTest, type PhaseResult, methodTitles, usableMethods } from '@opsconductor/contract'
import { type LocalWire, type ProbePhase, type ProbeReport, TransportError } from '@opsconductor/transports'
import type { Context } from '../../../kernel/context.ts'
import { withinConnectTime } from '../connections/connect-time.ts'
import type { Connections, OpenRequest } from '../connections/connections.ts'
import type { PreparedSsh } from '../connections/prepare-ssh.ts'

/** Together with the way through the queue it stays below the 30 s that a request waits. */
const probeWithinSec = 25

export const isTestable = (type: OpenRequest['method']['type']) => usableMethods.includes(type)

/** Tests one method for real. What goes wrong is in the answer; only a failure of our own is thrown. */
export const probeMethod = async (
  ctx: Context,
  connections: Connections,
  request: OpenRequest,
): Promise<MethodTest> => {
  const { uuid, name, type, host, port, credential } = request.method
  const about = { method: { uuid, name, type, host, port }, credential: credential?.name ?? null }
  try {
    if (type === 'ssh') return { ...about, ...(await probeSsh(ctx, connections, request)) }
    if (type === 'winrm') return { ...about, ...(await probeWinrm(ctx, connections, request)) }
    if (type === 'local') return { ...about, ...(await probeLocal(connections.localWire(), request.signal)) }
    return { ...about, ...untested, message: `OpsConductor cannot test ${methodTitles[type]} yet.` }
  } catch (error) {
    if (!(error instanceof TransportError)) throw error
    return { ...about, ...failed(error, phasesUpTo(error.phase)) }
  }
}

type Outcome = Omit<MethodTest, 'method' | 'credential'>

const probeSsh = async (ctx: Context, connections: Connections, request: OpenRequest): Promise<Outcome> => {
  const prepared = await connections.prepareSsh(ctx, request)
  return probeOver(ctx, request, {
    ...prepared,
    username: prepared.request.login.username,
    probe: (signal) => connections.sshWire().probe({ ...prepared.request, signal }),
  })
}

const probeWinrm = async (ctx: Context, connections: Connections, request: OpenRequest): Promise<Outcome> => {
  const prepared = await connections.prepareWinrm(ctx, request)
  return probeOver(ctx, request, {
    ...prepared,
    probe: (signal) => connections.winrmWire().probe({ ...prepared.request, signal }),
  })
}

/** A wire that is ready to be tried once, and what is known of the machines it leads to. */
type Trial = {
  probe: (signal: AbortSignal) => Promise<ProbeReport>
  username: string | null
  hasPinned: () => boolean
  explain: (error: unknown) => unknown
  failedAt?: PreparedSsh['failedAt']
}

const probeOver = async (ctx: Context, { method, signal }: OpenRequest, trial: Trial): Promise<Outcome> => {
  // what is told by a report and not thrown is thrown here, so that the time limit sees it
  const startedAt = performance.now()
  let phases: PhaseResult[] = []
  let hostKey: Outcome['hostKey'] = null
  try {
    const limitSec = Math.min(method.connectTimeoutSec ?? probeWithinSec, probeWithinSec)
    const system = await withinConnectTime(limitSec, `${method.host}:${method.port}`, signal, async (signal) => {
      const report = await trial.probe(signal)
      phases = report.phases.map(toPhaseResult)
      if (report.hostKey !== undefined) {
        const { algorithm, fingerprint } = report.hostKey
        hostKey = { algorithm, fingerprint, isNew: trial.hasPinned() }
      }
      if (report.error !== undefined) throw report.error
      return report.system ?? null
    })
    return { isOk: true, phases, fault: null, message: works(trial.username, system), hostKey, system }
  } catch (error) {
    const explained = trial.explain(error)
    if (!(explained instanceof TransportError)) throw explained
    if (explained.fault === 'protocol')
      ctx.log.warn({ err: explained, method: method.uuid }, 'a connection test failed')
    const hop = trial.failedAt?.(explained) ?? null
    const jumpHost = hop && { ...hop, phase: explained.details.jumpPhase ?? null }
    const outcome = failed(explained, withFailure(phases, performance.now() - startedAt))
    return { ...outcome, ...(jumpHost === null ? {} : { jumpHost }), hostKey }
  }
}

const probeLocal = async (wire: LocalWire, signal: AbortSignal): Promise<Outcome> => {
  const startedAt = performance.now()
  await using shell = await wire.connect({ signal })
  let system = ''
  const exit = await shell.run({
    script: 'uname -sr 2>/dev/null; true',
    signal,
    timeoutMs: 10_000,
    onOutput: (stream, bytes) => {
      if (stream === 'stdout') system = (system + Buffer.from(bytes).toString()).slice(0, 200)
    },
  })
  const durationMs = rounded(performance.now() - startedAt)
  const isOk = exit.kind === 'exited' && exit.exitCode === 0
  const phases = ConnectPhase.options.map((phase): PhaseResult =>
    phase === 'command'
      ? { phase, status: isOk ? 'ok' : 'failed', durationMs }
      : { phase, status: 'skipped', durationMs: 0 },
  )
  if (!isOk) {
    const message = 'A plain command did not work on the server itself.'
    return { ...failed(new TransportError('protocol', 'command', message), phases) }
  }
  return { isOk, phases, fault: null, message: works(null, system.trim()), hostKey: null, system: system.trim() }
}

const untested = {
  isOk: false,
  phases: ConnectPhase.options.map((phase): PhaseResult => ({ phase, status: 'skipped', durationMs: 0 })),
  fault: null,
  hostKey: null,
  system: null,
}

const failed = ({ fault, message }: TransportError, phases: PhaseResult[]): Outcome => ({
  isOk: false,
  phases,
  fault,
  message,
  hostKey: null,
  system: null,
})

const works = (username: string | null, system: string | null) =>
  [`Works${username === null ? '' : `: logged in as ${username}`}.`, system && `It is ${system}.`]
    .filter(Boolean)
    .join(' ')

const statusOf = { passed: 'ok', failed: 'failed', not_reached: 'skipped' } as const

const toPhaseResult = ({ phase, state, ms }: ProbePhase): PhaseResult => ({
  phase,
  status: statusOf[state],
  durationMs: rounded(ms),
})

/** What was given up from outside has no failed phase of its own: it is the one that was going on, for the rest of the time. */
const withFailure = (phases: PhaseResult[], totalMs: number): PhaseResult[] => {
  if (phases.some(({ status }) => status === 'failed')) return phases
  const going = phases.findIndex(({ status }) => status !== 'ok')
  const restMs = phases.reduce((left, { durationMs }) => left - durationMs, totalMs)
  return phases.map((phase, index) =>
    index === going ? { ...phase, status: 'failed', durationMs: rounded(restMs) } : phase,
  )
}

const rounded = (ms: number) => Math.round(ms * 100) / 100

/** For what failed before any wire was asked. */
const phasesUpTo = (failing: ConnectPhase) =>
  ConnectPhase.options.map((phase): PhaseResult => ({
    phase,
    status: phase === failing ? 'failed' : 'skipped',
    durationMs: 0,
  }))
