import {
  AuthError,
  collect,
  ConnectionError,
  offers,
  powershell,
  probe,
  psrp,
  QuotaError,
  RemoteFault,
  TimeoutError,
  TlsError,
  WinrmError,
  type Client,
  type ConnectOptions,
  type Phase,
  type ProbeCommand,
} from '@opsconductor/winrm'

/** One thing that was looked at. `advice` says what to do where it did not work. */
export type Finding = {
  what: 'offers' | Phase | 'PowerShell' | 'psrp' | 'limits'
  isOk: boolean
  ms: number | null
  /** What was seen, or why it failed. */
  detail: string
  advice: string | null
}

export type Examination = {
  host: string
  port: number
  https: boolean
  /** SHA-256 of the certificate. */
  fingerprint: string | null
  isOk: boolean
  findings: Finding[]
}

/** ERROR_ACCESS_DENIED */
const accessDenied = 5
const powerShellWithinMs = 120_000

/**
 * Looks at WinRM on one machine from here, phase by phase: what it offers to anybody, and what it does for these
 * credentials. Nothing is changed there.
 */
export const examine = async (options: ConnectOptions, port: number): Promise<Examination> => {
  const https = options.https === true
  const findings: Finding[] = []
  const { finding: offered, fingerprint } = await askOffers(options)
  findings.push(offered)

  const command: ProbeCommand = async (client, signal) => {
    await using shell = await client.shell({}, signal)
    const { stdout } = await collect(await shell.run('ver', { signal, timeoutMs: 30_000 }))
    more.push(...(await lookFurther(client)))
    return stdout.trim()
  }
  const more: Finding[] = []
  const startedAt = performance.now()
  const report = await probe(options, undefined, command)
  for (const { phase, isPassed, ms, detail, error } of report.phases) {
    // what was looked at beside the command is no part of its time
    const besides = phase === 'command' ? more.reduce((sum, finding) => sum + (finding.ms ?? 0), 0) : 0
    findings.push({
      what: phase,
      isOk: isPassed,
      ms: Math.max(0, Math.min(ms, performance.now() - startedAt) - besides),
      detail,
      advice: error === undefined ? null : adviceOn(error, https),
    })
  }
  findings.push(...more)
  // what WinRS refuses, PSRP may allow
  if (report.phases.at(-1)?.phase === 'command' && !report.isPassed) findings.push(await tryRunspace(options))
  return {
    host: options.host,
    port,
    https,
    fingerprint: report.fingerprint ?? fingerprint,
    // without its limits everything works
    isOk: findings.every(({ what, isOk }) => isOk || what === 'limits'),
    findings,
  }
}

const askOffers = async (options: ConnectOptions): Promise<{ finding: Finding; fingerprint: string | null }> => {
  const startedAt = performance.now()
  const found = (isOk: boolean, detail: string, advice: string | null): Finding => ({
    what: 'offers',
    isOk,
    ms: performance.now() - startedAt,
    detail,
    advice,
  })
  try {
    const schemes = await offers(options)
    return schemes.length === 0
      ? {
          finding: found(false, 'nothing', 'Something answers there that is not WinRM: check the port.'),
          fingerprint: null,
        }
      : { finding: found(true, schemes.join(', '), null), fingerprint: null }
  } catch (error) {
    if (!(error instanceof WinrmError)) throw error
    const fingerprint = error instanceof TlsError ? (error.fingerprint ?? null) : null
    return { finding: found(false, error.message, adviceOn(error, options.https === true)), fingerprint }
  }
}

const timed = async (what: Finding['what'], work: () => Promise<string>): Promise<Finding> => {
  const startedAt = performance.now()
  try {
    const detail = await work()
    return { what, isOk: true, ms: performance.now() - startedAt, detail, advice: null }
  } catch (error) {
    if (!(error instanceof WinrmError)) throw error
    return {
      what,
      isOk: false,
      ms: performance.now() - startedAt,
      detail: error.message,
      advice: adviceOn(error, false),
    }
  }
}

const askRunspace = async (client: Client): Promise<string> => {
  await using remote = psrp(client)
  return (
    await collect(await remote.run('$PSVersionTable.PSVersion.ToString()', { timeoutMs: powerShellWithinMs }))
  ).stdout.trim()
}

const askLimits = async (client: Client): Promise<Finding> => {
  let refusal: RemoteFault | undefined
  const finding = await timed('limits', async () => {
    refusal = await client.learnLimits()
    return `requests of ${Math.round(client.maxEnvelopeBytes / 1024)} KB`
  })
  return refusal === undefined
    ? finding
    : {
        ...finding,
        isOk: false,
        detail: `${refusal.message.trim()} So: requests of ${Math.round(client.maxEnvelopeBytes / 1024)} KB`,
        advice:
          'Files are copied more slowly, and everything else works: only administrators may read the limits (winrm get winrm/config).',
      }
}

const lookFurther = async (client: Client): Promise<Finding[]> => [
  await askLimits(client),
  await timed('PowerShell', async () => {
    const script = '$PSVersionTable.PSVersion.ToString()'
    return (await collect(await powershell(client, script, { timeoutMs: powerShellWithinMs }))).stdout.trim()
  }),
  await timed('psrp', () => askRunspace(client)),
]

const tryRunspace = (options: ConnectOptions): Promise<Finding> =>
  timed('psrp', async () => {
    const report = await probe(options, undefined, askRunspace)
    const last = report.phases.at(-1)
    if (last?.error !== undefined) throw last.error
    return last?.detail ?? ''
  })

/** What to do about it, in one sentence or two. */
export const adviceOn = (error: WinrmError, https: boolean): string => {
  if (error instanceof TlsError)
    return error.fingerprint === undefined
      ? 'Check that this port speaks HTTPS: Get-ChildItem WSMan:\\localhost\\Listener on the machine lists what it listens on.'
      : `Compare the fingerprint on the machine and pin it (--fingerprint ${error.fingerprint}), or give its authority with --ca-file.`
  if (error instanceof AuthError)
    return 'Check the user name with its domain (DOMAIN\\user, or .\\user for an account of the machine), the password, and Get-ChildItem WSMan:\\localhost\\Service\\Auth there.'
  if (error instanceof TimeoutError && error.phase === 'connect')
    return 'A firewall probably drops the connection: open the port there (Enable-PSRemoting does, for private networks).'
  if (error instanceof ConnectionError)
    return `Check the name, that the machine is on, and that WinRM listens there: ${https ? 'an HTTPS listener needs a certificate' : 'winrm quickconfig, or Enable-PSRemoting'}.`
  if (error instanceof QuotaError)
    return 'Too many shells are open there: wait, or raise MaxShellsPerUser (winrm get winrm/config/winrs).'
  if (error instanceof RemoteFault && error.code === accessDenied)
    return 'The log-in worked; WinRS is for administrators of the machine. Members of Remote Management Users are let in by the transport psrp.'
  return 'Try it again; if it stays, send this report to whoever looks after the machine.'
}
