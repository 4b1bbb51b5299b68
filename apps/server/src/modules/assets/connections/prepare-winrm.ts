import { TransportError, type WinrmLogin, type WinrmRequest } from '@opsconductor/transports'
import type { Context } from '../../../kernel/context.ts'
import type { OpenCredential } from '../credentials/opening.ts'
import { pinnedTrust } from '../host-keys/trust.ts'
import type { RunWinrm } from '../targets/run-targets.ts'
import type { OpenRequest } from './connections.ts'
import { denied } from './login.ts'
import { winrmLogin } from './winrm-login.ts'

/** Everything the wire is asked with, the secret among it: lives no longer than the call. */
export type PreparedWinrm = {
  request: WinrmRequest
  poolKey: string
  secrets: string[]
  /** Null where a certificate or the executor's own ticket logs in. */
  username: string | null
  /** Whether this connection was the first to see the certificate, which is pinned now. */
  hasPinned: () => boolean
  explain: (error: unknown) => unknown
}

type Login = { login: WinrmLogin; poolKey: string; secrets: string[] }

/** The login and the trust of one WinRM connection. @throws TransportError when there is nothing to log in with */
export const createPrepareWinrm = ({
  openCredential,
  mayUseTickets,
}: {
  openCredential: OpenCredential
  mayUseTickets: boolean
}) => {
  const loginOf = async (ctx: Context, request: OpenRequest, winrm: RunWinrm): Promise<Login> => {
    const { target, method, purpose, actorName } = request
    if (method.credential === null) {
      if (winrm.auth !== 'kerberos')
        throw denied(`The method "${method.name}" of ${target.name} has no credential. Give it one.`)
      if (!mayUseTickets)
        throw denied(
          `The method "${method.name}" of ${target.name} has no credential, and the executor's own Kerberos ticket may not be used. Give it a credential, or set OPSCONDUCTOR_KERBEROS_TICKETS=true.`,
        )
      return { login: { kind: 'kerberos' }, poolKey: 'own ticket', secrets: [] }
    }
    const { uuid, name } = method.credential
    const use = { purpose, target, executionUuid: request.executionUuid ?? null, actor: actorName }
    const credential = await openCredential(ctx, uuid, use).catch((cause: unknown) => {
      throw denied(
        `The secret of the credential "${name}" does not open. Check the master key, or enter the secret again.`,
        cause,
      )
    })
    if (credential === null)
      throw denied(`The credential "${name}" of ${target.name} was archived. Give it another one.`)
    return {
      login: winrmLogin(name, credential.opened, winrm),
      poolKey: `${uuid} ${credential.version}`,
      secrets: credential.secrets,
    }
  }

  return async (ctx: Context, request: OpenRequest): Promise<PreparedWinrm> => {
    const { target, method, purpose, signal } = request
    if (method.winrm === null) throw new Error(`${method.type} is not WinRM`)
    const { isHttps, transport, isPinned, ca } = method.winrm
    const place = { methodUuid: method.uuid, host: method.host, port: method.port }
    const { login, poolKey, secrets } = await loginOf(ctx, request, method.winrm)
    const pinned = isHttps && isPinned ? await pinnedTrust(ctx, place, purpose) : null
    const known = pinned?.knownKey
    return {
      request: {
        address: { host: method.host, port: method.port },
        isHttps,
        login,
        transport,
        trust:
          pinned === null
            ? { kind: 'authority', ...(ca === null ? {} : { ca }) }
            : { kind: 'pinned', decide: pinned.trust, ...(known === undefined ? {} : { known }) },
        signal,
      },
      poolKey: `${target.uuid} ${method.uuid} ${poolKey}`,
      secrets,
      username: 'username' in login ? (login.username ?? null) : null,
      hasPinned: () => pinned?.hasPinned() ?? false,
      explain: (error) => (pinned === null || !(error instanceof TransportError) ? error : pinned.explain(error)),
    }
  }
}
