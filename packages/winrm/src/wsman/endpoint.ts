import { randomUUID } from 'node:crypto'
import type { Lane } from '../connection/lane.ts'
import { ProtocolError } from '../errors.ts'
import { writeEnvelope, type Heading } from './envelope.ts'
import { readFault } from './fault.ts'
import { Ns } from './namespaces.ts'
import { child, readXml, type XmlElement } from './xml-reader.ts'

/** A question to the WS-Management service. */
export type Operation = Pick<Heading, 'action' | 'resourceUri' | 'shellId' | 'options' | 'requiredOptions'> & {
  /** XML, in which `rsp` and `w` are bound. */
  readonly body: string
  /** How long the server may wait with its answer. */
  readonly operationTimeoutMs?: number | undefined
  readonly isRepeatable?: boolean
  readonly signal?: AbortSignal | undefined
  /** Default is the endpoint's. */
  readonly messageId?: string
}

export type EndpointOptions = {
  readonly to: string
  /** The server's longest wait before it answers "nothing yet". Windows allows 60,000. */
  readonly operationTimeoutMs: number
  /** How much longer than that an answer may take on its way. */
  readonly slackMs: number
}

/** One client's view of the service: it has a session number and knows how large an envelope may be. */
export type Endpoint = {
  readonly sessionId: string
  readonly operationTimeoutMs: number
  /** The largest envelope both sides take, in bytes; may be raised once the server has told its own limit. */
  maxEnvelopeBytes: number
  /**
   * @returns the answer's body
   * @throws RemoteFault and its kinds, ProtocolError, and what the lane throws
   */
  ask(lane: Lane, operation: Operation): Promise<XmlElement>
}

/** What every Windows takes: MaxEnvelopeSizekb is 150 on the oldest. */
const SMALLEST_ENVELOPE_BYTES = 153_600

const sameId = (relatesTo: string, messageId: string) =>
  relatesTo.trim().toLowerCase() === `uuid:${messageId}`.toLowerCase()

/** The body of an answer to `messageId`. @throws RemoteFault, ProtocolError */
export const readAnswer = (text: string, messageId: string): XmlElement => {
  const envelope = readXml(text)
  const body = child(envelope, Ns.soap, 'Body')
  if (envelope.ns !== Ns.soap || envelope.name !== 'Envelope' || body === undefined)
    throw new ProtocolError('The answer is no SOAP envelope.')
  const relatesTo = child(child(envelope, Ns.soap, 'Header'), Ns.addressing, 'RelatesTo')
  if (relatesTo !== undefined && !sameId(relatesTo.text, messageId))
    throw new ProtocolError('The answer belongs to another request.')
  const fault = child(body, Ns.soap, 'Fault')
  if (fault !== undefined) throw readFault(fault)
  if (relatesTo === undefined) throw new ProtocolError('The answer does not say which request it belongs to.')
  return body
}

export const createEndpoint = ({ to, operationTimeoutMs, slackMs }: EndpointOptions): Endpoint => {
  const sessionId = randomUUID()
  const endpoint: Endpoint = {
    sessionId,
    operationTimeoutMs,
    maxEnvelopeBytes: SMALLEST_ENVELOPE_BYTES,
    async ask(lane, operation) {
      const messageId = operation.messageId ?? randomUUID()
      const waitMs = operation.operationTimeoutMs ?? operationTimeoutMs
      const envelope = writeEnvelope(
        {
          to,
          sessionId,
          messageId,
          action: operation.action,
          resourceUri: operation.resourceUri,
          operationTimeoutMs: waitMs,
          maxEnvelopeBytes: endpoint.maxEnvelopeBytes,
          shellId: operation.shellId,
          options: operation.options,
          requiredOptions: operation.requiredOptions,
        },
        operation.body,
      )
      const answer = await lane.post(Buffer.from(envelope), {
        timeoutMs: waitMs + slackMs,
        signal: operation.signal,
        isRepeatable: operation.isRepeatable === true,
      })
      const body = readAnswer(answer.body.toString(), messageId)
      if (answer.status !== 200) throw new ProtocolError(`The server answered HTTP ${answer.status} without a fault.`)
      return body
    },
  }
  return endpoint
}
