import type { Readable } from 'node:stream'
import { Ns } from '../src/wsman/namespaces.ts'
import type { Program } from './programs.ts'

const STREAMS = ['stdout', 'stderr'] as const

/** A command of a shell, seen through Receive. */
export type Running = {
  readonly program: Program
  /** Body of the next answer, undefined when there was nothing within the time. The same question gets the same answer. */
  receive(timeoutMs: number, roomBytes: number, messageId: string): Promise<string | undefined>
  /** Ends a waiting Receive, and every later one. */
  abort(): void
  readonly isAborted: boolean
}

type Piece = { readonly stream: 'stdout' | 'stderr'; readonly data: Buffer }

/** Output is read only as far as someone is about to receive it: the program waits otherwise, as it does on Windows. */
const READ_AHEAD_BYTES = 1_048_576

export const follow = (program: Program, commandId: string, pieceBytes: number): Running => {
  const held: Piece[] = []
  let heldBytes = 0
  let exitCode: number | undefined
  let isAborted = false
  let changed = Promise.withResolvers<void>()
  let lastAnswer: { readonly messageId: string; readonly body: string } | undefined
  const tell = () => {
    changed.resolve()
    changed = Promise.withResolvers()
  }
  const isFull = () => heldBytes > READ_AHEAD_BYTES && !isAborted
  const isSilent = () => held.length === 0 && exitCode === undefined && !isAborted

  const read = async (stream: 'stdout' | 'stderr', source: Readable) => {
    for await (const chunk of source as AsyncIterable<Buffer>) {
      for (let at = 0; at < chunk.length; at += pieceBytes)
        held.push({ stream, data: chunk.subarray(at, at + pieceBytes) })
      heldBytes += chunk.length
      tell()
      while (isFull()) await changed.promise
    }
  }
  const watch = async () => {
    await Promise.allSettled([read('stdout', program.stdout), read('stderr', program.stderr)])
    exitCode = await program.exited
    tell()
  }
  void watch()

  const take = (roomBytes: number): string => {
    let body = ''
    while (held.length > 0 && (body === '' || body.length + held[0]!.data.length * 1.4 < roomBytes)) {
      const { stream, data } = held.shift()!
      heldBytes -= data.length
      body += `<rsp:Stream Name="${stream}" CommandId="${commandId}">${data.toString('base64')}</rsp:Stream>`
    }
    if (held.length === 0 && exitCode !== undefined) {
      for (const stream of STREAMS)
        body += `<rsp:Stream Name="${stream}" CommandId="${commandId}" End="true"></rsp:Stream>`
      body += `<rsp:CommandState CommandId="${commandId}" State="${Ns.shell}/CommandState/Done"><rsp:ExitCode>${exitCode >>> 0}</rsp:ExitCode></rsp:CommandState>`
    } else body += `<rsp:CommandState CommandId="${commandId}" State="${Ns.shell}/CommandState/Running"/>`
    tell()
    return `<rsp:ReceiveResponse>${body}</rsp:ReceiveResponse>`
  }

  return {
    program,
    get isAborted() {
      return isAborted
    },
    async receive(timeoutMs, roomBytes, messageId) {
      if (lastAnswer?.messageId === messageId) return lastAnswer.body
      const until = performance.now() + timeoutMs
      while (isSilent()) {
        const leftMs = until - performance.now()
        if (leftMs <= 0) return undefined
        let timer: NodeJS.Timeout | undefined
        await Promise.race([changed.promise, new Promise((resolve) => (timer = setTimeout(resolve, leftMs)))])
        clearTimeout(timer)
      }
      lastAnswer = { messageId, body: take(roomBytes) }
      return lastAnswer.body
    },
    abort() {
      isAborted = true
      tell()
    },
  }
}
