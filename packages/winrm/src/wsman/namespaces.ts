/** Namespaces of SOAP, WS-Addressing, WS-Management (DSP0226) and Windows' own (MS-WSMV 2.2.1). */
export const Ns = {
  soap: 'http://www.w3.org/2003/05/soap-envelope',
  addressing: 'http://schemas.xmlsoap.org/ws/2004/08/addressing',
  transfer: 'http://schemas.xmlsoap.org/ws/2004/09/transfer',
  wsman: 'http://schemas.dmtf.org/wbem/wsman/1/wsman.xsd',
  windows: 'http://schemas.microsoft.com/wbem/wsman/1/wsman.xsd',
  shell: 'http://schemas.microsoft.com/wbem/wsman/1/windows/shell',
  fault: 'http://schemas.microsoft.com/wbem/wsman/1/wsmanfault',
  config: 'http://schemas.microsoft.com/wbem/wsman/1/config',
} as const

export const ANONYMOUS = `${Ns.addressing}/role/anonymous`

export const Action = {
  get: `${Ns.transfer}/Get`,
  create: `${Ns.transfer}/Create`,
  delete: `${Ns.transfer}/Delete`,
  command: `${Ns.shell}/Command`,
  receive: `${Ns.shell}/Receive`,
  send: `${Ns.shell}/Send`,
  signal: `${Ns.shell}/Signal`,
} as const
