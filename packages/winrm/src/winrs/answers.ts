import { ProtocolError } from '../errors.ts'
import { Ns } from '../wsman/namespaces.ts'
import { child, descendant, type XmlElement } from '../wsman/xml-reader.ts'

/** Where a piece of output was written to. */
export type OutputPiece = { readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }

/** The number of the new shell. MS-WSMV 3.1.4.1.31 @throws ProtocolError */
export const readShellId = (body: XmlElement): string => {
  const selectors = descendant(child(body, Ns.transfer, 'ResourceCreated'), Ns.wsman, 'SelectorSet')?.children ?? []
  const selected = selectors.find((selector) => selector.attributes.get('Name') === 'ShellId')
  const id = selected?.text ?? descendant(body, Ns.shell, 'ShellId')?.text
  if (id === undefined || id.trim() === '') throw new ProtocolError('The answer to Create names no shell.')
  return id.trim()
}

/** @throws ProtocolError */
export const readCommandId = (body: XmlElement): string => {
  const id = descendant(body, Ns.shell, 'CommandId')?.text.trim()
  if (!id) throw new ProtocolError('The answer to Command names no command.')
  return id
}

export type Received = {
  readonly pieces: readonly OutputPiece[]
  /** Present when the command is done; unsigned 32 bits, as Windows counts. */
  readonly exitCode: number | undefined
}

const readExitCode = (state: XmlElement): number => {
  // an element with Windows, an attribute with OMI
  const text = child(state, Ns.shell, 'ExitCode')?.text ?? state.attributes.get('ExitCode')
  const code = Number(text?.trim() || 'none')
  if (!Number.isInteger(code)) throw new ProtocolError('The command ended without an exit code.')
  return code >>> 0
}

/** The answer to a Receive: pieces in the order they came, and whether that was all. MS-WSMV 2.2.4.33 @throws ProtocolError */
export const readReceived = (body: XmlElement): Received => {
  const response = child(body, Ns.shell, 'ReceiveResponse')
  if (response === undefined) throw new ProtocolError('The answer to Receive holds none.')
  const pieces: OutputPiece[] = []
  let exitCode: number | undefined
  for (const element of response.children) {
    if (element.ns !== Ns.shell) continue
    if (element.name === 'Stream' && element.text !== '') {
      const stream = element.attributes.get('Name') === 'stderr' ? 'stderr' : 'stdout'
      pieces.push({ stream, data: Buffer.from(element.text, 'base64') })
    } else if (element.name === 'CommandState' && element.attributes.get('State')?.endsWith('/Done') === true) {
      exitCode = readExitCode(element)
    }
  }
  return { pieces, exitCode }
}
