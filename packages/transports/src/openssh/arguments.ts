import type { SshAddress } from '../ssh/dial.ts'
import type { SshLogin } from '../ssh/login.ts'
import { offeredAlgorithms } from '../ssh/host-key.ts'

export type MasterFiles = {
  /** Where the master listens. */
  control: string
  /** Where our agent listens. */
  agent: string
  /** Where the key that the server showed is noted. */
  offered: string
  /** The script that notes it. */
  noteKey: string
}

export type MasterArguments = {
  address: SshAddress
  login: SshLogin
  knownAlgorithms: readonly string[]
  files: MasterFiles
  program: string
  /** `none`, or the path of an ssh_config; the user's own unless told. Only for a log-in by what the server has. */
  configFile: string | undefined
  /** Of an ssh_config, what may count for other log-ins; see readConfig. */
  settings: Record<string, string>
  /** The control socket of the jump host's master. */
  viaControl: string | undefined
  connectTimeoutMs: number
  keepaliveIntervalMs: number
  keepaliveCountMax: number
  /** How long a master lives that nobody uses any more, in seconds: also when we were killed. */
  aloneSec: number
}

// ssh_config(5) expands % and splits at blanks
const inConfig = (path: string): string => `"${path.replaceAll('%', '%%').replaceAll('"', String.raw`\"`)}"`
const inShell = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

const methodsOf = (login: SshLogin): string => {
  switch (login.kind) {
    case 'password':
      return 'password,keyboard-interactive'
    case 'keyboard_interactive':
      return 'keyboard-interactive,password'
    case 'system':
      return 'gssapi-with-mic,hostbased,publickey'
    case 'ssh_key':
    case 'ssh_certificate':
    case 'agent':
      return 'publickey,keyboard-interactive,password'
  }
}

/**
 * The command line of a master. No secret is in it: keys are behind our agent, answers come by askpass. What is given
 * here stands above any ssh_config (ssh_config(5): the first value counts).
 */
export const masterArguments = (from: MasterArguments): string[] => {
  const { address, login, files, knownAlgorithms } = from
  const options: Record<string, string> = {
    ControlPersist: String(from.aloneSec), // into the background when logged in
    LogLevel: 'DEBUG1', // says how far it came
    // The key is judged by us, see key-agent.ts; ssh itself only makes sure that the server holds it, and that no
    // other list of keys lets in what we do not trust.
    KnownHostsCommand: `/bin/sh ${inConfig(files.noteKey)} %I %t %K ${inConfig(files.offered)}`,
    HostKeyAlias: 'target',
    UserKnownHostsFile: '/dev/null',
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    UpdateHostKeys: 'no',
    VerifyHostKeyDNS: 'no',
    CheckHostIP: 'no',
    HostKeyAlgorithms:
      knownAlgorithms.length > 0 ? offeredAlgorithms(knownAlgorithms).join(',') : '-*-cert-v01@openssh.com',
    IdentityAgent: inConfig(files.agent),
    PreferredAuthentications: methodsOf(login),
    PubkeyAuthentication: 'yes',
    NumberOfPasswordPrompts: '1',
    AddKeysToAgent: 'no',
    ConnectTimeout: String(Math.ceil(from.connectTimeoutMs / 1000)),
    ConnectionAttempts: '1',
    ServerAliveInterval: String(Math.ceil(from.keepaliveIntervalMs / 1000)),
    ServerAliveCountMax: String(from.keepaliveCountMax),
    ClearAllForwardings: 'yes',
    ForwardAgent: 'no',
    ForwardX11: 'no',
    PermitLocalCommand: 'no',
    RemoteCommand: 'none',
    Tunnel: 'no',
  }
  // keys of the account the server runs under are only for those who asked for them
  const isSystem = login.kind === 'system'
  if (!isSystem) Object.assign(options, { IdentityFile: 'none', IdentitiesOnly: 'no' })
  if (from.viaControl !== undefined) {
    const name = 'the-jump-host.invalid' // never looked up: the way is the open connection
    const control = inShell(from.viaControl.replaceAll('%', '%%'))
    options.proxycommand = `${inShell(from.program)} -F none -S ${control} -W '[%h]:%p' ${name}`
  }
  return [
    '-M',
    '-N',
    '-T',
    '-S',
    files.control.replaceAll('%', '%%'),
    ...(isSystem ? (from.configFile === undefined ? [] : ['-F', from.configFile]) : ['-F', 'none']),
    '-l',
    login.username,
    ...(address.port === 22 ? [] : ['-p', String(address.port)]), // 22 may be another in ssh_config
    ...Object.entries({ ...from.settings, ...options }).flatMap(([name, value]) => ['-o', `${name}=${value}`]),
    '--',
    address.host,
  ]
}
