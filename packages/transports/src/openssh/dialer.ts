import { userInfo } from 'node:os'
import { cancelled, TransportError } from '../fault.ts'
import { createConnection, type Connection, type LostReason } from '../ssh/connection.ts'
import type { SshAddress } from '../ssh/dial.ts'
import type { Dialer, SshEndpoint } from '../ssh/endpoint.ts'
import { describeHostKey } from '../ssh/host-key.ts'
import { createPrivateKeys, type PrivateKeys } from '../ssh/private-key.ts'
import { SLOW_HANDSHAKE_MS, type DialSettings } from '../ssh/ssh2-dialer.ts'
import { agentKeys } from './agent-keys.ts'
import { openProxyMode, terminateMaster } from './control-socket.ts'
import { createFolder, findSsh, type WireFolder } from './folder.ts'
import type { AgentSource } from './key-agent.ts'
import { masterChannels } from './master-channels.ts'
import { startMaster } from './master.ts'
import { readConfig } from './own-config.ts'

export type OpensshOptions = {
  /** The `ssh` program, 8.5 or newer; looked for in the usual places unless told. */
  program?: string
  /** `none`, or the path of an ssh_config; that of the server's user and of the system unless told. */
  configFile?: string
  /** Where the folder with the control sockets is made; it must allow programs in it. The system's own unless told. */
  folder?: string
  /** Added to the environment of ssh, e.g. `KRB5CCNAME` or `SSH_AUTH_SOCK`; the server's own is not passed on. */
  environment?: Record<string, string>
  /** How long a master lives on when nobody uses it, also after we were killed; 5 s unless told. */
  aloneSec?: number
}

/** Connections made by OpenSSH: one master process for each, spoken to in its proxy mode. */
export const createOpensshDialer = (settings: DialSettings, options: OpensshOptions): Dialer => {
  const { connectTimeoutMs, keepaliveIntervalMs, keepaliveCountMax, gate } = settings
  const keys = createPrivateKeys()
  let folder: WireFolder | undefined

  return {
    prepare(endpoint) {
      const { address } = endpoint
      refuseForShell(address, endpoint.login.username)
      const source = agentSource(endpoint, keys, options)
      return async ({ signal, phases, events, times, via }) => {
        folder ??= createFolder(options.folder)
        const files = { ...folder.next(), noteKey: folder.noteKey }
        const environment = { ...ourEnvironment(), ...options.environment }
        const program = options.program ?? findSsh(environment.PATH ?? '') ?? 'ssh'
        const leave = await gate.enter(signal, () => cancelled('connect', address))
        const timer = setTimeout(leave, SLOW_HANDSHAKE_MS)
        try {
          const { configFile } = options
          const { username } = endpoint.login
          const isRead = configFile !== 'none' && endpoint.login.kind !== 'system'
          const question = { program, configFile, address, username, environment, signal }
          const { hostKey, software } = await startMaster({
            settings: isRead ? await readConfig(question) : {},
            endpoint,
            files,
            askpass: folder.askpass,
            program,
            environment,
            configFile,
            keys: source,
            viaControl: via?.controlPath,
            connectTimeoutMs,
            keepaliveIntervalMs,
            keepaliveCountMax,
            aloneSec: options.aloneSec ?? 5,
            timeoutMs: connectTimeoutMs * 2,
            phases,
            signal,
          }).catch((error: unknown) => whatTheJumpHostSays(error, via, address))
          const lost: LostReason = { value: undefined }
          const proxy = await openProxyMode(files.control).catch((cause: unknown) => {
            throw new TransportError(
              'protocol',
              'authentication',
              'The OpenSSH master does not take connections. Version 7.4 or newer is needed.',
              { ...address, started: false },
              cause,
            )
          })
          const place = {
            address,
            hostKey,
            software,
            controlPath: files.control,
            terminate: () => terminateMaster(files.control),
          }
          const hopKeys = via === undefined ? [] : [...via.hopKeys, via.hostKey]
          return createConnection(
            masterChannels(proxy, place, lost),
            lost,
            { address, openTimeoutMs: connectTimeoutMs, times, hopKeys },
            events,
          )
        } finally {
          clearTimeout(timer)
          leave()
        }
      }
    },
    close() {
      keys.forget()
      folder?.remove()
      folder = undefined
    },
  }
}

/** A ProxyCommand of an ssh_config is a shell's text, and may hold them (CVE-2023-51385). */
const refuseForShell = (address: SshAddress, username: string): void => {
  const wrong = [address.host, username].find((word) => /^-|[\s'"`$;&<>|(){}\p{Cc}]/u.test(word))
  if (wrong === undefined) return
  throw new TransportError(
    'denied',
    'connect',
    `OpenSSH is not given "${wrong}": a host or a user name with characters that a shell understands.`,
    { ...address, started: false },
  )
}

/** An ssh whose way through a jump host did not open only sees that it is closed; the jump host tells the reason. */
const whatTheJumpHostSays = async (error: unknown, via: Connection | undefined, to: SshAddress): Promise<never> => {
  const isUnclear = error instanceof TransportError && error.fault === 'refused' && error.phase === 'host_key'
  if (via !== undefined && isUnclear) (await via.tunnel(to)).destroy()
  throw error
}

const agentSource = ({ login }: SshEndpoint, keys: PrivateKeys, { environment = {} }: OpensshOptions): AgentSource => {
  switch (login.kind) {
    case 'ssh_key':
      return { keys: agentKeys(keys.parsed(login.privateKey, login.passphrase), undefined) }
    case 'ssh_certificate':
      return { keys: agentKeys(keys.parsed(login.privateKey, login.passphrase), login.certificate) }
    case 'agent': {
      const { fingerprint } = login
      const isChosen = (blob: Buffer): boolean =>
        fingerprint === undefined || describeHostKey(blob).fingerprint === fingerprint
      return { socketPath: login.socketPath, isChosen }
    }
    case 'system': {
      const socketPath = environment.SSH_AUTH_SOCK
      return socketPath === undefined ? { keys: [] } : { socketPath, isChosen: () => true }
    }
    case 'password':
    case 'keyboard_interactive':
      return { keys: [] }
  }
}

/** ssh finds its home by the user's number; the rest is what a log-in has. */
const ourEnvironment = (): Record<string, string> => {
  const { username, homedir } = userInfo()
  return { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: homedir, USER: username, LOGNAME: username }
}
