import { X509Certificate } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { channelBindingHash } from '../src/connection/channel-binding.ts'
import { Ns } from '../src/wsman/namespaces.ts'
import { faultEnvelope, readAsked, resultEnvelope, type Asked, type Fault } from './envelopes.ts'
import { createFront, type Acceptor, type Reply, type Traffic } from './front.ts'
import { createNtlmAcceptor } from './ntlm-acceptor.ts'
import { posixPowerShell } from './power-shell.ts'
import type { OwnPrograms } from './programs.ts'
import { createShells, type Quotas } from './shells.ts'

/** What a test puts in the place of an answer. */
export type Instead = { readonly fault: Fault } | Reply | undefined

export type WindowsOptions = Partial<Quotas> &
  Partial<OwnPrograms> & {
    /** Names and passwords. Default: `anna` with `Pa$$wörd`. */
    readonly users?: Readonly<Record<string, string>>
    /** Whether Basic is offered. Default true. */
    readonly basic?: boolean
    /** Whether unsealed requests are taken without TLS after a handshake. Default false, as on Windows. */
    readonly allowUnencrypted?: boolean
    /** HTTPS, in PEM. With `ca` client certificates are asked for. */
    readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string }
    /** Refuses log-ins over TLS that are not bound to it (CbtHardeningLevel Strict). Default false. */
    readonly strictBinding?: boolean
    /** MaxEnvelopeSizekb. Default 500. */
    readonly maxEnvelopeKilobytes?: number
    /** How large a piece of output may be. Default 32,768. */
    readonly pieceBytes?: number
    /** Where it listens. Default 127.0.0.1, and a free port. */
    readonly host?: string
    readonly port?: number
    readonly environment?: Readonly<Record<string, string>>
    /** Another mechanism behind Negotiate. Default NTLM with `users`. */
    readonly acceptor?: () => Acceptor
    /** Looks at every request first, and may answer it. */
    readonly intercept?: (asked: Asked) => Instead | Promise<Instead>
  }

/** A machine that speaks WinRM as Windows does, and runs POSIX programs. */
export type Windows = {
  readonly host: string
  readonly port: number
  /** Its user's folder; also %TEMP%. */
  readonly home: string
  readonly traffic: Traffic
  /** The name of every request to the service, in order: `Create`, `Command` … */
  readonly asked: readonly string[]
  readonly shellCount: number
  /** Cuts every connection; shells live on. */
  cut(): void
  /** Ends every shell and connection, as a restart does; the service is there again at once. */
  restart(): void
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

const config = (kilobytes: number) =>
  `<cfg:Config xmlns:cfg="${Ns.config}"><cfg:MaxEnvelopeSizekb>${kilobytes}</cfg:MaxEnvelopeSizekb>` +
  `<cfg:MaxTimeoutms>60000</cfg:MaxTimeoutms></cfg:Config>`

const shellsOf = (options: WindowsOptions, home: string) =>
  createShells({
    home,
    environment: { PATH: process.env['PATH'] ?? '', TEMP: home, USERPROFILE: home, ...options.environment },
    pieceBytes: options.pieceBytes ?? 32_768,
    maxShells: options.maxShells ?? 30,
    maxOperations: options.maxOperations ?? 1_500,
    powerShell: options.powerShell ?? posixPowerShell,
    cmd: options.cmd,
    started: options.started,
    leavesChildren: options.leavesChildren,
  })

/** Starts it on this machine. */
export const startWindows = async (options: WindowsOptions = {}): Promise<Windows> => {
  const { users = { anna: 'Pa$$wörd' }, maxEnvelopeKilobytes = 500, host = '127.0.0.1', tls } = options
  const home = await mkdtemp(join(tmpdir(), 'winrm-simulated-'))
  const asked: string[] = []
  const shells = shellsOf(options, home)

  const serve = async (envelope: string): Promise<Reply> => {
    const request = readAsked(envelope)
    asked.push(request.name)
    const instead = await options.intercept?.(request)
    if (instead === 'cut' || (instead !== undefined && 'status' in instead)) return instead
    const isConfig = request.resourceUri === Ns.config
    const outcome = instead?.fault ?? (isConfig ? config(maxEnvelopeKilobytes) : await shells.serve(request))
    return typeof outcome === 'string'
      ? { status: 200, body: resultEnvelope(request, outcome) }
      : { status: 500, body: faultEnvelope(request, outcome) }
  }

  const isStrict = options.strictBinding === true && tls !== undefined
  const channelBinding = isStrict ? channelBindingHash(new X509Certificate(tls.cert).raw) : undefined
  const ntlm = () =>
    createNtlmAcceptor({ passwordOf: (user) => users[user], computerName: 'SIMULATED', channelBinding })
  const { server, traffic } = createFront({
    tls,
    isBasicUser: options.basic === false ? undefined : (user, password) => users[user] === password,
    allowUnencrypted: options.allowUnencrypted ?? false,
    // what the envelope's limit leaves for the frame around a sealed one
    maxRequestBytes: maxEnvelopeKilobytes * 1_024 + 1_024,
    acceptor: options.acceptor ?? ntlm,
    serve,
  })
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, host, resolve))

  const cut = () => {
    for (const socket of sockets) socket.destroy()
  }
  const close = async () => {
    shells.endAll()
    cut()
    await new Promise((resolve) => server.close(resolve))
    await rm(home, { recursive: true, force: true })
  }
  return {
    host,
    port: (server.address() as AddressInfo).port,
    home,
    traffic,
    asked,
    get shellCount() {
      return shells.count
    },
    cut,
    restart() {
      shells.endAll()
      cut()
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
