import { collect, probe, psrp, TlsError, WinrmError, type ConnectOptions, type ProbeCommand } from '@opsconductor/winrm'
import { TransportError } from '../fault.ts'
import type { HostKey } from '../ssh/host-key.ts'
import type { ProbePhase, ProbeReport } from '../ssh/probe.ts'
import { describeTlsCertificate, noFingerprint } from './certificate.ts'
import type { WinrmEndpoint } from './endpoint.ts'
import { optionsFor, requirePinned, type StationLimits } from './station.ts'
import { winrmFault } from './winrm-fault.ts'

/** As for SSH; `host_key` is the certificate, and `hostKey` what was pinned or shown. */
export type WinrmProbeReport = ProbeReport

const COMMAND_WITHIN_MS = 20_000

const askVersion: ProbeCommand = async (client, signal) => {
  await using shell = await client.shell({}, signal)
  return (await collect(await shell.run('ver', { signal, timeoutMs: COMMAND_WITHIN_MS }))).stdout.trim()
}

/** .NET's own words, the same in every version of PowerShell. */
export const VERSION_SCRIPT = '[Environment]::OSVersion.VersionString'

const askVersionOfRunspace: ProbeCommand = async (client, signal) => {
  await using remote = psrp(client)
  return (await collect(await remote.run(VERSION_SCRIPT, { signal, timeoutMs: COMMAND_WITHIN_MS }))).stdout.trim()
}

const nameOf = {
  dns: 'dns',
  connect: 'connect',
  tls: 'host_key',
  authentication: 'authentication',
  command: 'command',
} as const
const order = ['dns', 'connect', 'host_key', 'authentication', 'command'] as const

type Tried = { phases: ProbePhase[]; sha256: string | undefined; system: string; error: WinrmError | undefined }

const attempt = async (endpoint: WinrmEndpoint, options: ConnectOptions, signal: AbortSignal): Promise<Tried> => {
  const report = await probe(options, signal, endpoint.transport === 'psrp' ? askVersionOfRunspace : askVersion)
  const reports = new Map(report.phases.map((phase) => [nameOf[phase.phase], phase]))
  const phases = order.map((phase): ProbePhase => {
    const found = reports.get(phase)
    if (found === undefined) return { phase, state: 'not_reached', ms: 0 }
    return { phase, state: found.isPassed ? 'passed' : 'failed', ms: found.ms }
  })
  return {
    phases,
    sha256: report.fingerprint,
    system: reports.get('command')?.isPassed === true ? (reports.get('command')?.detail ?? '') : '',
    error: report.phases.at(-1)?.error,
  }
}

/** Tries everything over a connection of its own, and says how far it came. Never throws. */
export const probeWindows = async (
  endpoint: WinrmEndpoint,
  limits: StationLimits,
  signal: AbortSignal,
): Promise<WinrmProbeReport> => {
  let phases: ProbePhase[] = order.map((phase) => ({ phase, state: 'not_reached', ms: 0 }))
  let hostKey: HostKey | undefined
  try {
    const options = optionsFor(endpoint, limits)
    const { trust, isHttps } = endpoint
    const isPinned = isHttps && trust.kind === 'pinned'
    const expected = isPinned ? { tls: { fingerprint: trust.known ?? noFingerprint } } : {}
    let tried = await attempt(endpoint, { ...options, ...expected }, signal)
    phases = tried.phases
    if (tried.sha256 !== undefined) hostKey = describeTlsCertificate(tried.sha256)
    if (isPinned && tried.error instanceof TlsError && tried.sha256 !== undefined) {
      await requirePinned(endpoint, tried.sha256)
      tried = await attempt(endpoint, { ...options, tls: { fingerprint: tried.sha256 } }, signal)
      phases = tried.phases
    }
    const failed = phases.find(({ state }) => state === 'failed')?.phase
    return {
      phases,
      ...(hostKey === undefined ? {} : { hostKey }),
      ...(tried.system === '' ? {} : { system: tried.system }),
      ...(tried.error === undefined ? {} : { error: winrmFault(tried.error, endpoint, failed) }),
    }
  } catch (cause) {
    const error =
      cause instanceof TransportError
        ? cause
        : cause instanceof WinrmError
          ? winrmFault(cause, endpoint)
          : new TransportError(
              'protocol',
              'command',
              'The test failed for a reason of its own; the log says which.',
              {},
              cause,
            )
    return {
      phases: phases.map((phase) => (phase.phase === error.phase ? { ...phase, state: 'failed' } : phase)),
      ...(hostKey === undefined ? {} : { hostKey }),
      error,
    }
  }
}
