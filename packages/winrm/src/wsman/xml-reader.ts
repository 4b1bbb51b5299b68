import { SaxesParser } from 'saxes'
import { ProtocolError } from '../errors.ts'

/** An element by its namespace and local name; prefixes do not matter. */
export type XmlElement = {
  readonly ns: string
  readonly name: string
  /** By local name: nothing we read has two attributes that differ in their namespace only. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly XmlElement[]
  /** What stands directly in it, all pieces together. */
  readonly text: string
}

export type XmlLimits = { readonly maxDepth: number; readonly maxElements: number }

const LIMITS: XmlLimits = { maxDepth: 64, maxElements: 50_000 }

type Building = { ns: string; name: string; attributes: Map<string, string>; children: Building[]; text: string }

/**
 * Reads a whole document. There are no entities but XML's own five, for a document type is refused.
 * @throws ProtocolError when it is malformed, too deep or has too many elements
 */
export const readXml = (text: string, { maxDepth, maxElements }: XmlLimits = LIMITS): XmlElement => {
  const open: Building[] = []
  let root: Building | undefined
  let count = 0
  const parser = new SaxesParser({ xmlns: true, position: false })

  parser.on('error', (error) => {
    throw new ProtocolError(`The answer is no well-formed XML: ${error.message}`)
  })
  parser.on('doctype', () => {
    throw new ProtocolError('The answer has a document type, which SOAP forbids.')
  })
  parser.on('opentag', ({ uri, local, attributes }) => {
    if (++count > maxElements) throw new ProtocolError(`The answer has more than ${maxElements} elements.`)
    if (open.length >= maxDepth) throw new ProtocolError(`The answer is nested deeper than ${maxDepth} elements.`)
    const element: Building = { ns: uri, name: local, attributes: new Map(), children: [], text: '' }
    for (const attribute of Object.values(attributes)) element.attributes.set(attribute.local, attribute.value)
    open.at(-1)?.children.push(element)
    root ??= element
    open.push(element)
  })
  const addText = (piece: string) => {
    const element = open.at(-1)
    if (element !== undefined) element.text += piece
  }
  parser.on('text', addText)
  parser.on('cdata', addText)
  parser.on('closetag', () => void open.pop())

  parser.write(text).close()
  if (root === undefined) throw new ProtocolError('The answer is empty.')
  return root
}

export const child = (element: XmlElement | undefined, ns: string, name: string): XmlElement | undefined =>
  element?.children.find((candidate) => candidate.name === name && candidate.ns === ns)

/** The first of this name in document order, at any depth. */
export const descendant = (element: XmlElement | undefined, ns: string, name: string): XmlElement | undefined => {
  for (const candidate of element?.children ?? []) {
    if (candidate.name === name && candidate.ns === ns) return candidate
    const deeper = descendant(candidate, ns, name)
    if (deeper !== undefined) return deeper
  }
  return undefined
}

/** The first whose attribute N has this value, at any depth: CLIXML names its parts so. */
export const descendantNamed = (element: XmlElement | undefined, name: string): XmlElement | undefined => {
  for (const candidate of element?.children ?? []) {
    if (candidate.attributes.get('N') === name) return candidate
    const deeper = descendantNamed(candidate, name)
    if (deeper !== undefined) return deeper
  }
  return undefined
}

/** All text in it, also below, without what stands around it. */
export const fullText = (element: XmlElement): string =>
  (element.text + element.children.map(fullText).join(' ')).trim()
