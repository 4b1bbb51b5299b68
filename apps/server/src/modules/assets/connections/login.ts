import type { LoginAnswer, SshClient } from '@opsconductor/contract'
import { describeCertificate, type SshLogin, TransportError } from '@opsconductor/transports'
import type { OpenedSecret } from '../credentials/secrets.ts'

/** What a log-in may use of the executor's machine. */
export type LoginSettings = {
  /** Sockets of key agents that credentials may name. */
  agentSockets: readonly string[]
  /** Whether credentials may log in by what the account of the executor has. */
  isSystemAllowed: boolean
}

/** What a credential is to SSH. @throws TransportError `denied` when it is nothing that logs in over SSH */
export const sshLogin = (
  name: string,
  opened: OpenedSecret,
  { agentSockets, isSystemAllowed }: LoginSettings,
): SshLogin => {
  switch (opened.type) {
    case 'password': {
      const { answers } = opened.secret
      return { ...byPassword(opened.secret), ...(answers === undefined ? {} : { answers }) }
    }
    case 'windows_domain':
      return byPassword(opened.secret)
    case 'ssh_key': {
      const { username, privateKey, passphrase } = opened.secret
      const key = { username, privateKey, ...(passphrase === undefined ? {} : { passphrase }) }
      return { kind: 'ssh_key', ...key, ...secondProof(opened.secret) }
    }
    case 'ssh_certificate': {
      const { username, privateKey, passphrase, certificate } = opened.secret
      refuseExpired(name, certificate)
      const key = { username, privateKey, certificate, ...(passphrase === undefined ? {} : { passphrase }) }
      return { kind: 'ssh_certificate', ...key, ...secondProof(opened.secret) }
    }
    case 'ssh_agent': {
      const { username, socketPath, fingerprint } = opened.secret
      if (!agentSockets.includes(socketPath))
        throw denied(
          `The key agent ${socketPath} of the credential "${name}" is not allowed here. OPSCONDUCTOR_SSH_AGENT_SOCKETS of the executor must name it.`,
        )
      const chosen = fingerprint === undefined ? {} : { fingerprint }
      return { kind: 'agent', username, socketPath, ...chosen, ...secondProof(opened.secret) }
    }
    case 'ssh_system':
      if (isSystemAllowed) return { kind: 'system', username: opened.secret.username }
      throw denied(
        `The credential "${name}" logs in by what the executor’s own account has, which is switched off. OPSCONDUCTOR_SSH_SYSTEM_LOGIN=true there turns it on.`,
      )
    case 'ssh_keyboard_interactive':
      return { kind: 'keyboard_interactive', username: opened.secret.username, ...secondProof(opened.secret) }
    case 'api_key':
    case 'bearer':
    case 'certificate':
    case 'snmp_community':
    case 'snmp_v3':
    default:
      throw denied(`The credential "${name}" is of type ${opened.type}, which does not log in over SSH.`)
  }
}

/** ssh2 knows no certificates, and nothing of the executor's account: that goes by OpenSSH. */
export const clientFor = ({ kind }: SshLogin, chosen: SshClient | null): SshClient =>
  chosen ?? (kind === 'ssh_certificate' || kind === 'system' ? 'openssh' : 'ssh2')

const byPassword = ({
  username,
  password,
  domain,
}: {
  username: string
  password: string
  domain?: string | undefined
}) => ({
  kind: 'password' as const,
  // a domain in the way OpenSSH for Windows wants it; sshd elsewhere knows none
  username: domain === undefined ? username : `${domain}\\${username}`,
  password,
})

const secondProof = ({
  password,
  answers,
}: {
  password?: string | undefined
  answers?: LoginAnswer[] | undefined
}) => ({
  ...(password === undefined ? {} : { password }),
  ...(answers === undefined ? {} : { answers }),
})

/** The target would only say that it is denied. */
const refuseExpired = (name: string, certificate: string): void => {
  const { validUntil } = describeCertificate(certificate)
  if (validUntil === undefined || validUntil.getTime() > Date.now()) return
  throw denied(
    `The certificate of the credential "${name}" expired on ${validUntil.toISOString()}. Enter a new one in its place.`,
  )
}

export const denied = (message: string, cause?: unknown) =>
  new TransportError('denied', 'authentication', message, { started: false }, cause)
