// The bodies of MS-WSMV 2.2.4: elements in the order the native client and pypsrp write them, which some servers want.
import { xmlDuration } from '../wsman/envelope.ts'
import { Ns } from '../wsman/namespaces.ts'
import { xmlText } from '../wsman/xml-text.ts'

export const CMD_SHELL_URI = `${Ns.shell}/cmd`

/** How a shell begins; each command in it inherits that. */
export type ShellSettings = {
  /** For example `C:\Windows`. Default: the user's home. */
  readonly workingDirectory?: string | undefined
  /** Added to the machine's and the user's own variables. */
  readonly environment?: Readonly<Record<string, string>> | undefined
  /** Default 65001: UTF-8. */
  readonly codepage?: number | undefined
  /** Without loading the user's profile and registry: quicker, and HKCU is the default user's. */
  readonly noProfile?: boolean | undefined
  /** After so long without a request Windows ends the shell. Default 5 minutes; Windows' own is 2 hours. */
  readonly idleTimeoutMs?: number | undefined
}

export const DEFAULT_IDLE_TIMEOUT_MS = 300_000

export const shellOptions = ({ codepage = 65_001, noProfile = false }: ShellSettings) => ({
  WINRS_NOPROFILE: noProfile ? 'TRUE' : 'FALSE',
  WINRS_CODEPAGE: String(codepage),
})

export const createBody = ({ workingDirectory, environment, idleTimeoutMs }: ShellSettings): string => {
  const variables = Object.entries(environment ?? {}).map(
    ([name, value]) => `<rsp:Variable Name="${xmlText(name)}">${xmlText(value)}</rsp:Variable>`,
  )
  return (
    `<rsp:Shell><rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams>` +
    `<rsp:IdleTimeOut>${xmlDuration(idleTimeoutMs ?? DEFAULT_IDLE_TIMEOUT_MS)}</rsp:IdleTimeOut>` +
    (workingDirectory === undefined
      ? ''
      : `<rsp:WorkingDirectory>${xmlText(workingDirectory)}</rsp:WorkingDirectory>`) +
    (variables.length === 0 ? '' : `<rsp:Environment>${variables.join('')}</rsp:Environment>`) +
    `</rsp:Shell>`
  )
}

export const commandBody = (commandLine: string): string =>
  `<rsp:CommandLine><rsp:Command>${xmlText(commandLine)}</rsp:Command></rsp:CommandLine>`

export const receiveBody = (commandId: string): string =>
  `<rsp:Receive><rsp:DesiredStream CommandId="${xmlText(commandId)}">stdout stderr</rsp:DesiredStream></rsp:Receive>`

export const sendBody = (commandId: string, data: Buffer, isLast: boolean): string =>
  `<rsp:Send><rsp:Stream Name="stdin" CommandId="${xmlText(commandId)}"${isLast ? ' End="true"' : ''}>` +
  `${data.toString('base64')}</rsp:Stream></rsp:Send>`

/** What the envelope around a Send needs, with a long address and shell number. */
const SEND_OVERHEAD_BYTES = 4_096

/** How many bytes fit into one Send, when the envelope may have so many. */
export const sendCapacity = (maxEnvelopeBytes: number): number =>
  Math.floor((maxEnvelopeBytes - SEND_OVERHEAD_BYTES) / 4) * 3

export type SignalName = 'terminate' | 'ctrl_c' | 'ctrl_break'

const SIGNALS: Readonly<Record<SignalName, string>> = {
  terminate: `${Ns.shell}/signal/terminate`,
  ctrl_c: `${Ns.shell}/signal/ctrl_c`,
  ctrl_break: `${Ns.shell}/signal/ctrl_break`,
}

export const signalBody = (commandId: string, name: SignalName): string =>
  `<rsp:Signal CommandId="${xmlText(commandId)}"><rsp:Code>${SIGNALS[name]}</rsp:Code></rsp:Signal>`
