import { execFile } from 'node:child_process'
import { TransportError } from '../fault.ts'
import type { SshAddress } from '../ssh/dial.ts'

/** What of an ssh_config counts for a log-in of ours: the way there and the algorithms. */
const carried = [
  'hostname',
  'port',
  'proxycommand',
  'addressfamily',
  'bindaddress',
  'bindinterface',
  'ipqos',
  'kexalgorithms',
  'ciphers',
  'macs',
  'pubkeyacceptedalgorithms',
  'pubkeyacceptedkeytypes',
  'casignaturealgorithms',
  'requiredrsasize',
  'rekeylimit',
  'compression',
]

export type ConfigQuestion = {
  program: string
  configFile: string | undefined
  address: SshAddress
  username: string
  environment: Record<string, string>
  signal: AbortSignal
}

const inShell = (word: string): string => `'${word.replaceAll("'", String.raw`'\''`)}'`

// what ssh makes of ProxyJump by itself; the machines on that way are between it and that configuration
const jumpCommand = (jumps: string, { program, configFile }: ConfigQuestion): string => {
  const all = jumps.split(',')
  const last = all.at(-1) ?? ''
  const before = all.slice(0, -1).join(',')
  return [
    inShell(program),
    ...(configFile === undefined ? [] : ['-F', inShell(configFile)]),
    ...(before === '' ? [] : ['-J', inShell(before)]),
    "-W '[%h]:%p'",
    inShell(last.startsWith('ssh://') ? last : `ssh://${last}`),
  ].join(' ')
}

/**
 * The settings of an ssh_config for a machine, as `ssh -G` works them out, without its keys: an IdentityFile there would
 * let a log-in succeed by a key of the server that its credential does not hold. Throws a TransportError.
 */
export const readConfig = async (question: ConfigQuestion): Promise<Record<string, string>> => {
  const { program, configFile, address, username, environment, signal } = question
  const args = [
    '-G',
    ...(configFile === undefined ? [] : ['-F', configFile]),
    '-l',
    username,
    ...(address.port === 22 ? [] : ['-p', String(address.port)]),
    '--',
    address.host,
  ]
  const printed = await new Promise<string>((resolve, reject) =>
    execFile(program, args, { env: { ...environment, LC_ALL: 'C' }, cwd: '/', signal }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout)
      else
        reject(
          new TransportError(
            signal.aborted ? 'cancelled' : 'protocol',
            'connect',
            `The ssh_config cannot be used. ${stderr.trim() || 'Is openssh-client installed where the executor runs?'}`,
            { ...address, started: false },
            error,
          ),
        )
    }),
  )
  const settings: Record<string, string> = {}
  for (const line of printed.split('\n')) {
    const [, name = '', value = ''] = /^(\S+) (.*)$/.exec(line) ?? []
    if (carried.includes(name)) settings[name] ??= value
    if (name === 'proxyjump') settings.proxycommand ??= jumpCommand(value, question)
  }
  return settings
}
