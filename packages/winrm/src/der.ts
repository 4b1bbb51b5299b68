import { ProtocolError } from './errors.ts'

/** One element of DER: X.690 with lengths of up to four bytes. */
export type Element = { readonly tag: number; readonly content: Buffer; readonly rest: Buffer }

const cut = () => new ProtocolError('A DER element is cut short or malformed.')

/** The first element, and what follows it. @throws ProtocolError */
export const readElement = (data: Buffer): Element => {
  if (data.length < 2) throw cut()
  let length = data[1]!
  let head = 2
  if (length >= 0x80) {
    const bytes = length & 0x7f
    if (bytes === 0 || bytes > 4 || data.length < 2 + bytes) throw cut()
    length = data.readUIntBE(2, bytes)
    head += bytes
  }
  if (data.length < head + length) throw cut()
  return { tag: data[0]!, content: data.subarray(head, head + length), rest: data.subarray(head + length) }
}

/** The elements one after the other, at most 1,000. @throws ProtocolError */
export const readElements = (data: Buffer): Element[] => {
  const elements: Element[] = []
  for (let rest = data; rest.length > 0;) {
    if (elements.length === 1_000) throw cut()
    const element = readElement(rest)
    elements.push(element)
    rest = element.rest
  }
  return elements
}

/** The content of an element that must have this tag. @throws ProtocolError */
export const contentOf = (data: Buffer, tag: number): Buffer => {
  const element = readElement(data)
  if (element.tag !== tag) throw cut()
  return element.content
}

export const writeElement = (tag: number, ...content: readonly Uint8Array[]): Buffer => {
  const body = Buffer.concat(content)
  if (body.length < 0x80) return Buffer.concat([Buffer.from([tag, body.length]), body])
  const length: number[] = []
  for (let left = body.length; left > 0; left >>>= 8) length.unshift(left & 0xff)
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length, ...length]), body])
}

export const Tag = { octets: 0x04, objectId: 0x06, sequence: 0x30 } as const

/** An object identifier as DER. @param dotted for example `1.3.6.1.5.5.2` */
export const objectId = (dotted: string): Buffer => {
  const [first = 0, second = 0, ...others] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const part of others) {
    const group = [part & 0x7f]
    for (let left = part >>> 7; left > 0; left >>>= 7) group.unshift((left & 0x7f) | 0x80)
    bytes.push(...group)
  }
  return writeElement(Tag.objectId, Buffer.from(bytes))
}
