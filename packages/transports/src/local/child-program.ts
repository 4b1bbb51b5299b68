import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { TransportError } from '../fault.ts'
import type { Program, ProgramEnd } from '../posix/program.ts'

export type ChildPlace = { environment: Record<string, string>; directory: string }

/** Starts `commandLine` as a child in a session of its own. */
export const startChild = async (commandLine: string, { environment, directory }: ChildPlace): Promise<Program> => {
  const child = spawn('/bin/sh', ['-c', commandLine], {
    cwd: directory,
    env: environment,
    detached: true, // setsid: the group is the child's own, and a signal to the server's group does not reach it
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  const exited = Promise.withResolvers<ProgramEnd>()
  const closed = Promise.withResolvers<ProgramEnd>()
  let end: ProgramEnd = { lost: 'The command was let go.' }
  child.once('exit', (exitCode, signal) => {
    end = signal === null ? { exitCode: exitCode ?? 0 } : { signal: signal.slice('SIG'.length) }
    exited.resolve(end)
  })
  child.once('close', () => closed.resolve(end))
  // a command may exit without reading its input; that is not a fault
  child.stdin.on('error', () => {})

  try {
    await once(child, 'spawn')
  } catch (cause) {
    throw new TransportError(
      'protocol',
      'command',
      `The server cannot start /bin/sh in ${directory}. Check that both exist and that its user may use them.`,
      { started: false },
      cause,
    )
  }
  return {
    stdout: child.stdout,
    stderr: child.stderr,
    write: (input) => new Promise((resolve) => child.stdin.write(input, () => resolve())),
    end: () => void child.stdin.end(),
    exited: exited.promise,
    closed: closed.promise,
    close: () => {
      child.stdin.destroy()
      child.stdout.destroy()
      child.stderr.destroy()
      child.unref()
    },
  }
}
