import type { XmlElement } from '../wsman/xml-reader.ts'
import { readReceived, type OutputPiece, type Received } from './answers.ts'
import { pieces } from './stdin.ts'
import { receiveBody, signalBody, type SignalName } from './requests.ts'

/** What one answer to Receive holds. */
export type Heard<P> = { readonly pieces: readonly P[]; readonly exitCode: number | undefined }

/** How a kind of command speaks through Receive, Send and Signal: WinRS here, PowerShell's own protocol in `psrp`. */
export type Dialect<P extends { readonly data: Buffer }> = {
  readonly receiveBody: string
  /** Called with every answer in turn. @throws ProtocolError */
  hear(answer: XmlElement): Heard<P>
  /** What one Send after the other carries for this input. @param sizeBytes the most that one can carry */
  input(data: Buffer, sizeBytes: number): Iterable<Buffer>
  /** What Send carries at the end of the input. */
  inputEnd(sizeBytes: number): { readonly data: Buffer; readonly isLast: boolean }
  signalBody(name: SignalName): string
}

export const winrsDialect = (commandId: string): Dialect<OutputPiece> => ({
  receiveBody: receiveBody(commandId),
  hear: (answer): Received => readReceived(answer),
  input: pieces,
  inputEnd: () => ({ data: Buffer.alloc(0), isLast: true }),
  signalBody: (name) => signalBody(commandId, name),
})
