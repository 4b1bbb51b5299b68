import { createClient, type Client } from './client.ts'
import { AuthError, TlsError, WinrmError } from './errors.ts'
import type { ConnectOptions } from './options.ts'
import { collect } from './winrs/collect.ts'

export type Phase = 'dns' | 'connect' | 'tls' | 'authentication' | 'command'

export type PhaseReport = {
  readonly phase: Phase
  readonly isPassed: boolean
  readonly ms: number
  /** Addresses; the address that answered; the certificate's fingerprint; the scheme; what the command said. */
  readonly detail: string
  readonly error?: WinrmError | undefined
}

export type ProbeReport = {
  readonly isPassed: boolean
  /** In order, up to the one that failed. Without HTTPS there is no `tls`. */
  readonly phases: readonly PhaseReport[]
  /** SHA-256 of the server's certificate, also when it is not trusted: to be shown to a person, and pinned. */
  readonly fingerprint: string | undefined
}

/** What is tried last: gives what is worth telling. */
export type ProbeCommand = (client: Client, signal: AbortSignal | undefined) => Promise<string>

const askHostname: ProbeCommand = async (client, signal) => {
  await using shell = await client.shell({}, signal)
  return (await collect(await shell.run('hostname', { signal, timeoutMs: 30_000 }))).stdout.trim()
}

/** Tries one connection from the name to a command's output. Says what failed instead of throwing it. */
export const probe = async (
  options: ConnectOptions,
  signal?: AbortSignal,
  command: ProbeCommand = askHostname,
): Promise<ProbeReport> => {
  const phases: PhaseReport[] = []
  let since = performance.now()
  let fingerprint: string | undefined
  const done = (phase: Phase, detail: string, error?: WinrmError) => {
    const now = performance.now()
    phases.push({ phase, detail, isPassed: error === undefined, ms: now - since, error })
    since = now
  }
  const has = (phase: Phase) => phases.some((report) => report.phase === phase)
  const wanted: Phase[] = [
    'dns',
    'connect',
    ...(options.https === true ? ['tls' as const] : []),
    'authentication',
    'command',
  ]

  try {
    await using client = createClient(options, (phase, detail) => {
      if (phase === 'tls') fingerprint = detail
      if (!has(phase)) done(phase, detail)
    })
    const said = await command(client, signal)
    // what is said with every request is known to be accepted with the first answer
    if (!has('authentication')) done('authentication', options.credentials.type)
    done('command', said)
    return { isPassed: true, phases, fingerprint }
  } catch (error) {
    if (!(error instanceof WinrmError)) throw error
    if (error instanceof TlsError) fingerprint ??= error.fingerprint
    // credentials that may not be used on this connection fail before it is there
    const reached = wanted.find((phase) => !has(phase)) ?? 'command'
    done(error instanceof AuthError ? 'authentication' : reached, error.message, error)
    return { isPassed: false, phases, fingerprint }
  }
}
