import { methodTitles } from '@opsconductor/contract'
import {
  type LocalWire,
  type OnPhase,
  type PosixShell,
  type SshRequest,
  type SshWire,
  TransportError,
} from '@opsconductor/transports'
import type { Context } from '../../../kernel/context.ts'
import type { OpenCredential } from '../credentials/opening.ts'
import { type PinnedTrust, pinnedTrust } from '../host-keys/trust.ts'
import type { RunMethod } from '../targets/run-targets.ts'
import { withinConnectTime } from './connect-time.ts'
import { denied, sshLogin } from './login.ts'

/** What reaches machines; only a process that runs an executor has it. `local` is null unless configuration turned it on. */
export type Wires = { ssh: SshWire; local: LocalWire | null }

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
export type OpenConnection = { shell: PosixShell; secrets: string[] }

/** Everything a wire is asked with, the secret among it: lives no longer than the call. */
type Prepared = { request: SshRequest; poolKey: string; secrets: string[]; pinned: PinnedTrust }

export const createConnections = ({
  openCredential,
  wires,
}: {
  openCredential: OpenCredential
  wires: Wires | null
}) => {
  const wiresHere = (): Wires => {
    if (wires === null) throw new Error('Targets are reached from a process that runs the executor.')
    return wires
  }

  /** The login and the trust of one SSH connection. @throws TransportError when there is nothing to log in with */
  const prepareSsh = async (ctx: Context, request: OpenRequest): Promise<Prepared> => {
    const { target, method, purpose, actorName } = request
    if (method.credential === null)
      throw denied(`The method "${method.name}" of ${target.name} has no credential. Give it one.`)
    const place = { methodUuid: method.uuid, host: method.host, port: method.port }
    const use = { purpose, target, executionUuid: request.executionUuid ?? null, actor: actorName }
    const [pinned, credential] = await Promise.all([
      pinnedTrust(ctx, place, purpose),
      openCredential(ctx, method.credential.uuid, use).catch((cause: unknown) => {
        throw denied(
          `The secret of the credential "${method.credential?.name}" does not open. Check the master key, or enter the secret again.`,
          cause,
        )
      }),
    ])
    if (credential === null)
      throw denied(`The credential "${method.credential.name}" of ${target.name} was archived. Give it another one.`)
    return {
      request: {
        address: { host: method.host, port: method.port },
        login: sshLogin(method.credential.name, credential.opened),
        trust: pinned.trust,
        knownAlgorithms: pinned.knownAlgorithms,
        signal: request.signal,
        ...(request.onPhase === undefined ? {} : { onPhase: request.onPhase }),
      },
      poolKey: `${target.uuid} ${method.uuid} ${method.credential.uuid} ${credential.version}`,
      secrets: credential.secrets,
      pinned,
    }
  }

  const localWire = (): LocalWire => {
    const { local } = wiresHere()
    if (local !== null) return local
    throw new TransportError(
      'refused',
      'connect',
      'Commands on the server itself are switched off. OPSCONDUCTOR_LOCAL_TRANSPORT=true turns them on.',
      { started: false },
    )
  }

  return {
    prepareSsh,
    localWire,
    sshWire: (): SshWire => wiresHere().ssh,

    /** Opens the credential and connects, or is lent an open connection. @throws TransportError */
    open: async (ctx: Context, request: OpenRequest): Promise<OpenConnection> => {
      const { method, signal } = request
      if (method.type === 'local') return { shell: await localWire().connect({ signal }), secrets: [] }
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
          (signal) => ssh.connect({ ...prepared.request, signal, poolKey: prepared.poolKey }),
        )
        return { shell, secrets: prepared.secrets }
      } catch (error) {
        throw prepared.pinned.explain(error)
      }
    },
  }
}

export type Connections = ReturnType<typeof createConnections>
