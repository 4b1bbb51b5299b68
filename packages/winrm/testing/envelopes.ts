// What Windows answers, byte for byte where a client could care.
import { randomUUID } from 'node:crypto'
import { ANONYMOUS, Ns } from '../src/wsman/namespaces.ts'
import { xmlText } from '../src/wsman/xml-text.ts'
import { child, readXml, type XmlElement } from '../src/wsman/xml-reader.ts'

/** A request as the service sees it. */
export type Asked = {
  readonly action: string
  /** The last part of the action: `Create`, `Receive` … */
  readonly name: string
  readonly messageId: string
  readonly resourceUri: string
  readonly shellId: string | undefined
  readonly options: ReadonlyMap<string, string>
  readonly operationTimeoutMs: number
  readonly maxEnvelopeBytes: number
  readonly body: XmlElement
}

/** An xs:duration of hours, minutes and seconds. */
const durationMs = (text: string) => {
  const parts = /^PT(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?$/.exec(text.trim())
  if (parts === null) return 20_000
  const [hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0))
  return (hours! * 3_600 + minutes! * 60 + seconds!) * 1_000
}

const byName = (set: XmlElement | undefined) =>
  new Map((set?.children ?? []).map((entry) => [entry.attributes.get('Name') ?? '', entry.text]))

export const readAsked = (envelope: string): Asked => {
  const root = readXml(envelope)
  const header = child(root, Ns.soap, 'Header')
  const body = child(root, Ns.soap, 'Body')
  if (body === undefined) throw new Error('no body')
  const text = (ns: string, name: string) => child(header, ns, name)?.text.trim() ?? ''
  const action = text(Ns.addressing, 'Action')
  return {
    action,
    name: action.replace(/^.*\//, ''),
    messageId: text(Ns.addressing, 'MessageID'),
    resourceUri: text(Ns.wsman, 'ResourceURI'),
    shellId: byName(child(header, Ns.wsman, 'SelectorSet')).get('ShellId'),
    options: byName(child(header, Ns.wsman, 'OptionSet')),
    operationTimeoutMs: durationMs(text(Ns.wsman, 'OperationTimeout')),
    maxEnvelopeBytes: Number(text(Ns.wsman, 'MaxEnvelopeSize')) || 153_600,
    body,
  }
}

const envelope = (action: string, relatesTo: string, body: string) =>
  `<s:Envelope xml:lang="en-US" xmlns:s="${Ns.soap}" xmlns:a="${Ns.addressing}" xmlns:x="${Ns.transfer}" xmlns:w="${Ns.wsman}" xmlns:rsp="${Ns.shell}" xmlns:p="${Ns.windows}">` +
  `<s:Header><a:Action>${action}</a:Action><a:MessageID>uuid:${randomUUID().toUpperCase()}</a:MessageID>` +
  `<p:OperationID s:mustUnderstand="false">uuid:${randomUUID().toUpperCase()}</p:OperationID><p:SequenceId>1</p:SequenceId>` +
  `<a:To>${ANONYMOUS}</a:To><a:RelatesTo>${xmlText(relatesTo)}</a:RelatesTo></s:Header><s:Body>${body}</s:Body></s:Envelope>`

export const resultEnvelope = (asked: Asked, body: string) => envelope(`${asked.action}Response`, asked.messageId, body)

export type Fault = {
  readonly code: number
  readonly text: string
  readonly subcode?: string
  readonly provider?: string
}

export const faultEnvelope = (asked: Asked, { code, text, subcode = 'w:InternalError', provider }: Fault) => {
  const said = xmlText(text)
  const message =
    provider === undefined
      ? said
      : `<f:ProviderFault provider="${provider}" path="%systemroot%\\system32\\winrscmd.dll">${said}</f:ProviderFault>`
  return envelope(
    'http://schemas.dmtf.org/wbem/wsman/1/wsman/fault',
    asked.messageId,
    `<s:Fault><s:Code><s:Value>s:Receiver</s:Value><s:Subcode><s:Value>${subcode}</s:Value></s:Subcode></s:Code>` +
      `<s:Reason><s:Text xml:lang="en-US">${said}</s:Text></s:Reason>` +
      `<s:Detail><f:WSManFault xmlns:f="${Ns.fault}" Code="${code}" Machine="simulated"><f:Message>${message}</f:Message></f:WSManFault></s:Detail></s:Fault>`,
  )
}
