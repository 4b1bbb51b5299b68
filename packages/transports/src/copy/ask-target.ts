import type { OutputStream, Shell } from '../shell.ts'
import { CopyEnd, failedAt } from './result.ts'

export type Question = {
  script: string
  input?: AsyncIterable<Uint8Array>
  /** For messages. */
  path: string
  signal: AbortSignal
  onOutput?: (bytes: Uint8Array) => void | Promise<void>
  /** How much of standard error is kept. */
  complaintBytes?: number
}

const LONGEST_COMPLAINT = 2_000

/** Runs a part of a copy on the target. Gives back its outputs; whatever is not exit code 0 is thrown as a CopyEnd. */
export const askTarget = async (
  shell: Shell,
  { script, input, path, signal, onOutput, complaintBytes = LONGEST_COMPLAINT }: Question,
): Promise<{ stdout: Buffer; stderr: string }> => {
  const kept: Uint8Array[] = []
  let stderr = ''
  const take = (stream: OutputStream, bytes: Uint8Array): void | Promise<void> => {
    if (stream === 'stdout') return onOutput === undefined ? void kept.push(bytes) : onOutput(bytes)
    if (stderr.length < complaintBytes) stderr += Buffer.from(bytes).toString()
  }
  const exit = await shell.run({
    script: `LC_ALL=C; export LC_ALL\n${script}`,
    signal,
    onOutput: take,
    ...(input === undefined ? {} : { input }),
  })
  switch (exit.kind) {
    case 'exited':
      if (exit.exitCode === 0) return { stdout: Buffer.concat(kept), stderr }
      throw failedAt(path, stderr.trim().slice(0, LONGEST_COMPLAINT) || `The target ended with ${exit.exitCode}.`)
    case 'signalled':
      throw failedAt(path, `The target ended it by the signal ${exit.signal}.`)
    case 'stopped':
      throw new CopyEnd(exit)
    case 'unknown':
      throw new CopyEnd({ kind: 'unknown', path, reason: exit.reason })
  }
}
