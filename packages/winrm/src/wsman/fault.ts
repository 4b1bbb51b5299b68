import { QuotaError, RemoteFault, ShellLostError } from '../errors.ts'
import { Ns } from './namespaces.ts'
import { child, descendant, fullText, type XmlElement } from './xml-reader.ts'

/** Codes of wsmerror.h and winerror.h that we act upon, unsigned. */
export const FaultCode = {
  operationTimedOut: 2150858793,
  shellNotFound: 2150858843,
  operationAborted: 995,
  busy: 170,
  maxOperations: 2150859174,
  /** ERROR_KEY_DELETED: the user's profile was unloaded under the shell, which starts nothing any more. */
  profileUnloaded: 2147943418,
} as const

/** ERROR_WSMAN_QUOTA_…: limit, shells, operations, user, system, users of shells, and those of a plug-in's quotas. */
const QUOTA_CODES = new Set([
  2150858815, 2150859173, 2150859174, 2150859175, 2150859176, 2150859179, 2150859236, 2150859237, 2150859238,
  2150859239, 2150859240, 2150859241, 2150859242,
])

const number = (text: string | undefined) => {
  const value = Number.parseInt(text ?? '', 10)
  // WMI writes its codes signed
  return Number.isNaN(value) ? undefined : value >>> 0
}

/** Depth first: the first element of this local name, in whatever namespace. */
const anywhere = (element: XmlElement, name: string): XmlElement | undefined => {
  for (const candidate of element.children) {
    if (candidate.name === name) return candidate
    const deeper = anywhere(candidate, name)
    if (deeper !== undefined) return deeper
  }
  return undefined
}

/** What a SOAP fault says, with whatever parts it has. DSP0226 14, MS-WSMV 2.2.4.43 */
export const readFault = (fault: XmlElement): RemoteFault => {
  const detail = child(fault, Ns.soap, 'Detail')
  const windows = descendant(detail, Ns.fault, 'WSManFault')
  const wmi = detail === undefined ? undefined : anywhere(detail, 'MSFT_WmiError')
  const code = number(windows?.attributes.get('Code')) ?? number(wmi && anywhere(wmi, 'error_Code')?.text)
  const subcodeElement = descendant(child(child(fault, Ns.soap, 'Code'), Ns.soap, 'Subcode'), Ns.soap, 'Value')
  const subcode = subcodeElement?.text.trim().replace(/^.*:/, '')

  const reasonElement = descendant(child(fault, Ns.soap, 'Reason'), Ns.soap, 'Text')
  const messageElement = child(windows, Ns.fault, 'Message')
  const reason = reasonElement === undefined ? '' : fullText(reasonElement)
  const message = messageElement === undefined ? '' : fullText(messageElement)
  const provider = descendant(detail, Ns.fault, 'ProviderFault')
  const wmiMessage = wmi && anywhere(wmi, 'Message')
  const providerText =
    provider === undefined ? (wmiMessage === undefined ? undefined : fullText(wmiMessage)) : fullText(provider)

  const text = message || providerText || reason || subcode || 'The server reported a fault without any text.'
  const said = { code, subcode, reason: reason || text, providerText }
  if (code === FaultCode.shellNotFound || code === FaultCode.profileUnloaded) return new ShellLostError(text, said)
  const isQuota =
    (code !== undefined && QUOTA_CODES.has(code)) ||
    subcode === 'QuotaLimit' ||
    /maximum number of .* (?:shells|operations|users)/i.test(`${text} ${reason}`)
  return isQuota ? new QuotaError(text, said) : new RemoteFault(text, said)
}
