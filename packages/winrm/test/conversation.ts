import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** One HTTP message as it was on the wire. */
export type Recorded = { readonly from: 'client' | 'server'; readonly head: string; readonly body: Buffer }

/** The recorded conversation with a real Windows host, cut into HTTP messages by their Content-Length. */
export const realConversation = (): Recorded[] => {
  const file = readFileSync(join(import.meta.dirname, 'data/real-windows-ntlm.txt'), 'latin1')
  const messages: Recorded[] = []
  const pending = { client: Buffer.alloc(0), server: Buffer.alloc(0) }
  for (const line of file.split('\n').filter((line) => /^\t?[0-9a-f]+$/.test(line))) {
    const from = line.startsWith('\t') ? 'server' : 'client'
    pending[from] = Buffer.concat([pending[from], Buffer.from(line.trim(), 'hex')])
    const headEnd = pending[from].indexOf('\r\n\r\n')
    if (headEnd === -1) continue
    const head = pending[from].toString('latin1', 0, headEnd)
    const length = Number(/content-length: (\d+)/i.exec(head)![1])
    if (pending[from].length < headEnd + 4 + length) continue
    messages.push({ from, head, body: pending[from].subarray(headEnd + 4, headEnd + 4 + length) })
    pending[from] = pending[from].subarray(headEnd + 4 + length)
  }
  return messages
}

/** The token of a `Negotiate` header. */
export const negotiateToken = ({ head }: Recorded): Buffer => Buffer.from(/: Negotiate (\S+)/.exec(head)![1]!, 'base64')
