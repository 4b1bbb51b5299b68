import { placeName, type SshJump, type SshRequest, TransportError } from '@opsconductor/transports'
import type { Context } from '../../../kernel/context.ts'
import type { OpenCredential, OpenedCredential } from '../credentials/opening.ts'
import { type PinnedTrust, pinnedTrust } from '../host-keys/trust.ts'
import type { RunMethod } from '../targets/run-targets.ts'
import type { OpenRequest } from './connections.ts'
import { clientFor, denied, type LoginSettings, sshLogin } from './login.ts'

/** Everything the wire is asked with, the secrets among it: lives no longer than the call. */
export type PreparedSsh = {
  request: SshRequest
  poolKey: string
  secrets: string[]
  /** Whether this connection was the first to see the key of the target itself, which is pinned now. */
  hasPinned: () => boolean
  /** Adds what is known of the machine at which it failed: the target, or one on the way. */
  explain: (error: unknown) => unknown
  /** The machine on the way at which it failed. */
  failedAt: (error: TransportError) => { uuid: string; name: string } | null
}

/** One machine to log in to. */
type Endpoint = { jump: SshJump; secrets: string[]; pinned: PinnedTrust; target: { uuid: string; name: string } }

export const createPrepareSsh = ({
  openCredential,
  settings,
}: {
  openCredential: OpenCredential
  settings: LoginSettings
}) => {
  const open = async (
    ctx: Context,
    { purpose, executionUuid, actorName }: OpenRequest,
    target: { uuid: string; name: string },
    method: RunMethod,
  ): Promise<OpenedCredential> => {
    if (method.credential === null)
      throw denied(`The method "${method.name}" of ${target.name} has no credential. Give it one.`)
    const use = { purpose, target, executionUuid: executionUuid ?? null, actor: actorName }
    const credential = await openCredential(ctx, method.credential.uuid, use).catch((cause: unknown) => {
      throw denied(
        `The secret of the credential "${method.credential?.name}" does not open. Check the master key, or enter the secret again.`,
        cause,
      )
    })
    if (credential !== null) return credential
    throw denied(`The credential "${method.credential.name}" of ${target.name} was archived. Give it another one.`)
  }

  const endpoint = async (
    ctx: Context,
    request: OpenRequest,
    target: { uuid: string; name: string },
    method: RunMethod,
  ): Promise<Endpoint> => {
    const address = { host: method.host, port: method.port }
    const [pinned, credential] = await Promise.all([
      pinnedTrust(ctx, { methodUuid: method.uuid, ...address }, request.purpose),
      open(ctx, request, target, method),
    ])
    const login = sshLogin(method.credential?.name ?? '', credential.opened, settings)
    const credentialUuid = method.credential?.uuid ?? ''
    return {
      target,
      pinned,
      secrets: credential.secrets,
      jump: {
        address,
        login,
        client: clientFor(login, method.sshClient),
        trust: pinned.trust,
        knownAlgorithms: pinned.knownAlgorithms,
        // a machine has one name, as a target and on the way to others: its connection is shared
        poolKey: `${target.uuid} ${method.uuid} ${credentialUuid} ${credential.version}`,
      },
    }
  }

  /**
   * The logins and the trust of one SSH connection and of all machines on its way.
   *
   * @throws TransportError when there is nothing to log in with, or no way
   */
  return async (ctx: Context, request: OpenRequest): Promise<PreparedSsh> => {
    const { target, method, signal, onPhase } = request
    const { hops, problem } = method.way
    if (problem !== null) throw new TransportError('refused', 'connect', problem, { started: false })
    const [end, ...jumps] = await Promise.all([
      endpoint(ctx, request, { uuid: target.uuid, name: target.name }, method),
      ...hops.map((hop) => endpoint(ctx, request, hop.target, hop.method)),
    ])
    if (end === undefined) throw new Error('there is always an end')
    const { poolKey, ...last } = end.jump
    const hopAt = (error: TransportError) =>
      jumps.find(({ jump }) => placeName(jump.address) === error.details.jumpHost) ?? null
    return {
      request: {
        ...last,
        signal,
        ...(jumps.length === 0 ? {} : { jumps: jumps.map(({ jump }) => jump) }),
        ...(onPhase === undefined ? {} : { onPhase }),
      },
      poolKey,
      secrets: [end, ...jumps].flatMap(({ secrets }) => secrets),
      hasPinned: end.pinned.hasPinned,
      explain: (error) => {
        if (!(error instanceof TransportError) || error.details.jumpHost === undefined) return end.pinned.explain(error)
        return hopAt(error)?.pinned.explain(error) ?? error
      },
      failedAt: (error) => hopAt(error)?.target ?? null,
    }
  }
}
