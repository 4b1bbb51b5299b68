import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpuMsOfThoseWith, endedChildrenCpuMs } from '../ground/processes.ts'
import type { Go } from '../report/turns.ts'
import type { OpensshFiles } from './openssh-files.ts'

export type PeerCommand = {
  program: string
  args: readonly string[]
  env?: Record<string, string>
  /** A file that becomes its standard input. */
  input?: string
}

/**
 * Runs a program once with its output kept in a file, and counts its processor time with that of all it has started, also
 * of what it left in the background. Throws when it fails: what does not do the work is not measured.
 */
export const runPeer = async (files: OpensshFiles, { program, args, env = {}, input }: PeerCommand): Promise<Go> => {
  const said = join(files.output, 'said')
  const [stdin, stdout] = [openSync(input ?? '/dev/null', 'r'), openSync(said, 'w')]
  const cpuBefore = endedChildrenCpuMs() + cpuMsOfThoseWith(files.folder)
  const beganAt = performance.now()
  const child = spawn(program, args, {
    stdio: [stdin, stdout, stdout],
    env: { PATH: process.env['PATH'], HOME: files.folder, LC_ALL: 'C.UTF-8', ...env },
  })
  const [code] = (await once(child, 'exit')) as [number | null]
  const wallMs = performance.now() - beganAt
  for (const file of [stdin, stdout]) closeSync(file)
  if (code !== 0) throw new Error(`${program} ended with ${code}: ${readFileSync(said, 'utf8').slice(-300)}`)
  return { wallMs, cpuMs: endedChildrenCpuMs() + cpuMsOfThoseWith(files.folder) - cpuBefore }
}
