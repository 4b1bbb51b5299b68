import { ANONYMOUS, Ns } from './namespaces.ts'
import { xmlText } from './xml-text.ts'

/** A request without its body. MS-WSMV 2.2.4 and 3.1.4.1 */
export type Heading = {
  /** The address itself, `http://host:5985/wsman`. */
  readonly to: string
  readonly action: string
  readonly resourceUri: string
  /** UUIDs, without `uuid:`. */
  readonly messageId: string
  readonly sessionId: string
  /** How long the server may wait with its answer: a poll period, not a command's limit. */
  readonly operationTimeoutMs: number
  /** The largest answer, in bytes. */
  readonly maxEnvelopeBytes: number
  readonly shellId?: string | undefined
  readonly options?: Readonly<Record<string, string>> | undefined
  /** Those without which the server should rather refuse. */
  readonly requiredOptions?: Readonly<Record<string, string>> | undefined
}

/** xs:duration, to the millisecond. */
export const xmlDuration = (ms: number) => `PT${Math.round(ms) / 1_000}S`

const named = (kind: string, values: Readonly<Record<string, string>> = {}, attributes = '') =>
  Object.entries(values)
    .map(([name, value]) => `<w:${kind}${attributes} Name="${xmlText(name)}">${xmlText(value)}</w:${kind}>`)
    .join('')

/** The whole SOAP envelope. @param body XML, in which `rsp` and `w` are bound */
export const writeEnvelope = (heading: Heading, body: string): string => {
  const { options, requiredOptions, shellId } = heading
  const optionSet =
    options === undefined && requiredOptions === undefined
      ? ''
      : `<w:OptionSet s:mustUnderstand="true">${named('Option', requiredOptions, ' MustComply="true"')}${named('Option', options)}</w:OptionSet>`
  const selectorSet =
    shellId === undefined ? '' : `<w:SelectorSet>${named('Selector', { ShellId: shellId })}</w:SelectorSet>`
  return (
    `<s:Envelope xmlns:s="${Ns.soap}" xmlns:a="${Ns.addressing}" xmlns:w="${Ns.wsman}" xmlns:p="${Ns.windows}" xmlns:rsp="${Ns.shell}">` +
    `<s:Header>` +
    `<a:Action s:mustUnderstand="true">${heading.action}</a:Action>` +
    `<p:DataLocale s:mustUnderstand="false" xml:lang="en-US"/>` +
    `<w:Locale s:mustUnderstand="false" xml:lang="en-US"/>` +
    `<w:MaxEnvelopeSize s:mustUnderstand="true">${heading.maxEnvelopeBytes}</w:MaxEnvelopeSize>` +
    `<a:MessageID>uuid:${heading.messageId}</a:MessageID>` +
    `<w:OperationTimeout>${xmlDuration(heading.operationTimeoutMs)}</w:OperationTimeout>` +
    `<a:ReplyTo><a:Address s:mustUnderstand="true">${ANONYMOUS}</a:Address></a:ReplyTo>` +
    `<w:ResourceURI s:mustUnderstand="true">${xmlText(heading.resourceUri)}</w:ResourceURI>` +
    `<p:SessionId s:mustUnderstand="false">uuid:${heading.sessionId}</p:SessionId>` +
    `<a:To>${xmlText(heading.to)}</a:To>` +
    optionSet +
    selectorSet +
    `</s:Header><s:Body>${body}</s:Body></s:Envelope>`
  )
}
