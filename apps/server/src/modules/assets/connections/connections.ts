import { hostname } from 'node:os'
import { methodTitles } from '@opsconductor/contract'
import {
  type GuardedShell,
  type LocalWire,
  type OnPhase,
  type SshWire,
  TransportError,
  type WinrmWire,
} from '@opsconductor/transports'
import type { Context } from '../../../kernel/context.ts'
import type { OpenCredential } from '../credentials/opening.ts'
import type { RunMethod } from '../targets/run-targets.ts'
import { withinConnectTime } from './connect-time.ts'
import type { LoginSettings } from './login.ts'
import { createPrepareSsh } from './prepare-ssh.ts'
import { createPrepareWinrm } from './prepare-winrm.ts'

/** What reaches machines; only a process that runs an executor has it. `local` is null unless configuration turned it on. */
export type Wires = { ssh: SshWire; winrm: WinrmWire; local: LocalWire | null }

export type OpenRequest = {
  target: { uuid: string; name: string }
  method: RunMethod
  purpose: 'execution' | 'test'
  executionUuid?: string
  /** On whose behalf the credential is opened. */
  actorName: string
  signal: AbortSignal
  onPhase?: OnPhase
}

/** `secrets` are the texts that no output may show. Whoever has it disposes of the shell. */
export type OpenConnection = { shell: GuardedShell; secrets: string[] }

export const createConnections = ({
  openCredential,
  wires,
  logins,
  mayUseTickets,
}: {
  openCredential: OpenCredential
  wires: Wires | null
  logins: LoginSettings
  /** Whether the Kerberos tickets of the executor's own account may be used. */
  mayUseTickets: boolean
}) => {
  const prepareSsh = createPrepareSsh({ openCredential, settings: logins })
  const prepareWinrm = createPrepareWinrm({ openCredential, mayUseTickets })
  const wiresHere = (): Wires => {
    if (wires === null) throw new Error('Targets are reached from a process that runs the executor.')
    return wires
  }

  const localWire = (): LocalWire => {
    const { local } = wiresHere()
    if (local !== null) return local
    throw new TransportError(
      'refused',
      'connect',
      `Commands on the executor’s own machine are switched off on ${hostname()}. OPSCONDUCTOR_LOCAL_TRANSPORT=true turns them on there; all executors of a zone should have it alike.`,
      { started: false },
    )
  }

  return {
    prepareSsh,
    localWire,
    sshWire: (): SshWire => wiresHere().ssh,
    prepareWinrm,
    winrmWire: (): WinrmWire => wiresHere().winrm,

    /** Opens the credential and connects, or is lent an open connection. @throws TransportError */
    open: async (ctx: Context, request: OpenRequest): Promise<OpenConnection> => {
      const { method, signal } = request
      const place = method.guardDirectory === null ? {} : { guardDirectory: method.guardDirectory }
      if (method.type === 'local') return { shell: await localWire().connect({ signal, ...place }), secrets: [] }
      if (method.type === 'winrm') {
        const prepared = await prepareWinrm(ctx, request)
        const { winrm } = wiresHere()
        try {
          const shell = await withinConnectTime(
            method.connectTimeoutSec,
            `${method.host}:${method.port}`,
            signal,
            (signal) => winrm.connect({ ...prepared.request, signal, poolKey: prepared.poolKey }),
          )
          return { shell, secrets: prepared.secrets }
        } catch (error) {
          throw prepared.explain(error)
        }
      }
      if (method.type !== 'ssh') {
        throw new TransportError(
          'protocol',
          'connect',
          `OpsConductor cannot run anything over ${methodTitles[method.type]} yet.`,
          {
            started: false,
          },
        )
      }
      const { ssh } = wiresHere()
      const prepared = await prepareSsh(ctx, request)
      try {
        const shell = await withinConnectTime(
          method.connectTimeoutSec,
          `${method.host}:${method.port}`,
          signal,
          (signal) => ssh.connect({ ...prepared.request, ...place, signal, poolKey: prepared.poolKey }),
        )
        return { shell, secrets: prepared.secrets }
      } catch (error) {
        throw prepared.explain(error)
      }
    },
  }
}

export type Connections = ReturnType<typeof createConnections>
