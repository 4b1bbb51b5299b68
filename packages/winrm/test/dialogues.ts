import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { readXml, type XmlElement } from '../src/wsman/xml-reader.ts'

export type Exchange = { readonly request: string; readonly response: string; readonly status: number }

/** What was recorded with real Windows hosts, by the name of the test it was recorded for. */
export const dialogue = (file: 'winrs' | 'psrp', name: string): readonly Exchange[] => {
  const all = JSON.parse(readFileSync(join(import.meta.dirname, `data/dialogues/${file}.json`), 'utf8')) as Record<
    string,
    Exchange[]
  >
  const exchanges = all[name]
  if (exchanges === undefined) throw new Error(`no dialogue ${name}`)
  return exchanges
}

const messageId = (envelope: string) => /MessageID>([^<]*)</.exec(envelope)?.[1] ?? ''

/** A server that gives the recorded answers in turn, whatever it is asked, and remembers the questions. */
export const replay = async (exchanges: readonly Exchange[]) => {
  const asked: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const envelope = Buffer.concat(chunks).toString()
      const exchange = exchanges[asked.length]
      asked.push(envelope)
      if (exchange === undefined) {
        response.writeHead(404).end()
        return
      }
      const answer = exchange.response.replace(/(RelatesTo>)[^<]*(<)/, `$1${messageId(envelope)}$2`)
      response.writeHead(exchange.status, { 'Content-Type': 'application/soap+xml;charset=UTF-8' }).end(answer)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    asked,
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** An element as text by namespace and local name, so that two writers' prefixes and spaces do not matter. */
export const shape = (element: XmlElement, leaveOut: (element: XmlElement) => boolean = () => false): string[] => {
  const lines: string[] = []
  const walk = (current: XmlElement, depth: number) => {
    if (leaveOut(current)) return
    const attributes = [...current.attributes]
      .filter(([name]) => !['s', 'a', 'w', 'p', 'rsp', 'wsa', 'wsman', 'wsmv', 'xmlns'].includes(name))
      .map(([name, value]) => ` ${name}=${value}`)
      .sort((a, b) => a.localeCompare(b))
    lines.push(
      `${'  '.repeat(depth)}{${current.ns}}${current.name}${attributes.join('')} ${current.text.trim()}`.trimEnd(),
    )
    for (const inner of current.children) walk(inner, depth + 1)
  }
  walk(element, 0)
  return lines
}

export const shapeOf = (envelope: string, leaveOut?: (element: XmlElement) => boolean) =>
  shape(readXml(envelope), leaveOut)
