import type { ReadStream } from 'node:tty'
import { Failure } from './failure.ts'
import type { Out } from './print.ts'

export type In = Pick<ReadStream, 'on' | 'off' | 'resume' | 'pause' | 'setEncoding' | 'unref'> &
  AsyncIterable<string | Uint8Array> & { isTTY?: boolean; setRawMode?: (isRaw: boolean) => unknown }

export type Asker = ReturnType<typeof createAsker>

/** Questions to a person at the terminal, on stderr so that stdout stays clean. */
export const createAsker = (stdin: In, stderr: Out) => {
  let isStdinRead = false
  /** What was typed or pasted beyond the line that was asked for: it answers the next question. */
  let ahead = ''
  const isPossible = stdin.isTTY === true && stdin.setRawMode !== undefined

  const line = (question: string, isHidden: boolean) =>
    new Promise<string>((resolve, reject) => {
      let typed = ''
      const end = (settle: () => void) => {
        stdin.off('data', onData)
        stdin.setRawMode?.(false)
        stdin.pause()
        stderr.write('\n')
        settle()
      }
      const onData = (data: string) => {
        const characters = Array.from(ahead + data)
        ahead = ''
        while (characters.length > 0) {
          const character = characters.shift() ?? ''
          if (character === '\r' || character === '\n') {
            ahead = characters.join('')
            end(() => resolve(typed))
            return
          }
          if (character === '\u0003' || (character === '\u0004' && typed === '')) {
            end(() => reject(new Failure('interrupted', 'Interrupted')))
            return
          }
          if (character === '\u007f' || character === '\b') {
            if (typed !== '' && !isHidden) stderr.write('\b \b')
            typed = Array.from(typed).slice(0, -1).join('')
          } else if (character >= ' ') {
            typed += character
            if (!isHidden) stderr.write(character)
          }
        }
      }
      stdin.setEncoding('utf8')
      // before the question stands there: whoever answers it at once is not shown by the terminal itself
      stdin.setRawMode?.(true)
      stderr.write(`${question}: `)
      stdin.on('data', onData)
      stdin.resume()
      if (ahead !== '') onData('')
    })

  /** Without a terminal the question fails with `otherwise`, which says how to give the answer instead. */
  const ask = async (question: string, { isHidden, otherwise }: { isHidden: boolean; otherwise: string }) => {
    if (!isPossible) throw new Failure('usage', otherwise)
    return line(question, isHidden)
  }

  return {
    isPossible,
    text: (question: string, otherwise: string) => ask(question, { isHidden: false, otherwise }),
    /** Asks without showing what is typed. */
    secret: (question: string, otherwise: string) => ask(question, { isHidden: true, otherwise }),
    confirm: async (question: string) => {
      const answer = await ask(`${question} [y/N]`, { isHidden: false, otherwise: question })
      return /^y(es)?$/i.test(answer.trim())
    },
    /** All of stdin, for an option that says `-`. It can be read only once. */
    stdin: async () => {
      if (isStdinRead) throw new Failure('usage', 'Only one option can be read from stdin')
      isStdinRead = true
      const chunks: Uint8Array[] = []
      for await (const chunk of stdin) chunks.push(Buffer.from(chunk))
      return Buffer.concat(chunks).toString('utf8')
    },
  }
}
