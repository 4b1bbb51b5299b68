// MS-PSRP 2.2.1 and 2.2.2
import { ProtocolError } from '../errors.ts'
import { readXml, type XmlElement } from '../wsman/xml-reader.ts'

export const MessageType = {
  sessionCapability: 0x0001_0002,
  initRunspacePool: 0x0001_0004,
  runspacePoolState: 0x0002_1005,
  createPipeline: 0x0002_1006,
  applicationPrivateData: 0x0002_1009,
  runspacePoolHostCall: 0x0002_1100,
  pipelineInput: 0x0004_1002,
  endOfPipelineInput: 0x0004_1003,
  pipelineOutput: 0x0004_1004,
  errorRecord: 0x0004_1005,
  pipelineState: 0x0004_1006,
  debugRecord: 0x0004_1007,
  verboseRecord: 0x0004_1008,
  warningRecord: 0x0004_1009,
  progressRecord: 0x0004_1010,
  informationRecord: 0x0004_1011,
  pipelineHostCall: 0x0004_1100,
} as const

/** A UUID as .NET writes a Guid: its first three parts with the low byte first. */
export const guidBytes = (uuid: string): Buffer => {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex')
  bytes.subarray(0, 4).reverse()
  bytes.subarray(4, 6).reverse()
  bytes.subarray(6, 8).reverse()
  return bytes
}

const HEAD_BYTES = 40
const TO_SERVER = 2
const NOBODY = Buffer.alloc(16)

/** @param pipelineId only for messages of a pipeline */
export const writeMessage = (type: number, poolId: string, pipelineId: string | undefined, xml: string): Buffer => {
  const head = Buffer.alloc(8)
  head.writeUInt32LE(TO_SERVER, 0)
  head.writeUInt32LE(type, 4)
  const pipeline = pipelineId === undefined ? NOBODY : guidBytes(pipelineId)
  return Buffer.concat([head, guidBytes(poolId), pipeline, Buffer.from(xml)])
}

export type Message = { readonly type: number; readonly data: XmlElement | undefined }

/** Error records hold whole call stacks and nest deeply. */
const LIMITS = { maxDepth: 256, maxElements: 500_000 }

/** @throws ProtocolError */
export const readMessage = (message: Buffer): Message => {
  if (message.length < HEAD_BYTES) throw new ProtocolError('A message of PowerShell’s is cut short.')
  const text = message.toString('utf8', HEAD_BYTES).replace(/^\ufeff/, '')
  return { type: message.readUInt32LE(4), data: text === '' ? undefined : readXml(text, LIMITS) }
}
