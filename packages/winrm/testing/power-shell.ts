import { spawn } from 'node:child_process'
import { pipeline } from 'node:stream/promises'
import type { PowerShell } from './programs.ts'

/** A PowerShell for tests, which takes its scripts for the language of /bin/sh. */
export const posixPowerShell: PowerShell = async (script, { stdin, stdout, stderr, cwd, environment, signal }) => {
  const child = spawn('/bin/sh', ['-c', script], { cwd, env: { ...environment }, signal, killSignal: 'SIGKILL' })
  child.once('error', () => {}) // 'exit' follows, or nobody waits any more
  const code = new Promise<number>((resolve) => child.once('exit', (exitCode) => resolve(exitCode ?? 1)))
  stdin.pipe(child.stdin).on('error', () => {})
  await Promise.all([pipeline(child.stdout, stdout, { end: false }), pipeline(child.stderr, stderr, { end: false })])
  return code
}
