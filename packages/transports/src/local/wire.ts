import { homedir, userInfo } from 'node:os'
import { accessSync, constants } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { cancelled, TransportError } from '../fault.ts'
import { checkPlace } from '../posix/place.ts'
import { createPosixShell } from '../posix/shell.ts'
import type { StartProgram } from '../posix/program.ts'
import type { StartHabits } from '../posix/run.ts'
import type { PosixShell } from '../posix/posix-shell.ts'
import { startChild, type ChildPlace } from './child-program.ts'

export type LocalWireOptions = {
  /** The whole environment of the commands. The server's own is never passed on: it may hold its secrets. */
  environment?: Record<string, string>
  /** Where commands start; the home directory of the server's user unless told. */
  directory?: string
  /** How long output may stay silent after the exit before it is no longer waited for; 2,000 ms unless told. */
  lingerMs?: number
  /**
   * The private folder for guards and the output of detached commands, absolute or beginning with `~/`; unless told
   * `~/.opsconductor`, and where that cannot be, one in /var/tmp or /tmp.
   */
  guardDirectory?: string
}

export interface LocalWire {
  /** @param request `guardDirectory` in place of the wire's own; a RangeError when it is no path for a folder */
  connect(request: { signal: AbortSignal; guardDirectory?: string }): Promise<PosixShell>
}

/**
 * Commands on the server's own machine, as the server's own user.
 *
 * @throws RangeError when `guardDirectory` is no path for a folder
 */
export const createLocalWire = (options: LocalWireOptions = {}): LocalWire => {
  checkPlace(options.guardDirectory)
  const place: ChildPlace = {
    environment: options.environment ?? environmentOfALogIn(),
    directory: options.directory ?? usableHome(),
  }
  const habits: StartHabits = { launcher: 'plain' }
  const start: StartProgram = async (commandLine, signal) => {
    await turn()
    if (signal.aborted) throw cancelled('command')
    return startChild(commandLine, place)
  }
  return {
    async connect({ signal, guardDirectory = options.guardDirectory }) {
      if (signal.aborted) throw cancelled('connect')
      if (process.platform === 'win32')
        throw new TransportError('protocol', 'connect', 'Commands on the server itself need a POSIX system.', {
          started: false,
        })
      return createPosixShell({
        start,
        startUrgent: start,
        habits,
        lingerMs: options.lingerMs ?? 2_000,
        directory: guardDirectory,
        giveBack: () => {},
      })
    },
  }
}

let last: Promise<unknown> = Promise.resolve()

/** Starting a process holds up this thread for some milliseconds: between two of them everything else has its turn. */
const turn = async (): Promise<void> => {
  const before = last
  last = before.then(() => nextTurn())
  await before
}

// a program that was started under another name may still have the home of whoever started it
const usableHome = (): string => {
  try {
    accessSync(homedir(), constants.X_OK)
    return homedir()
  } catch {
    return '/'
  }
}

/** What sshd would give the same user. */
const environmentOfALogIn = (): Record<string, string> => {
  const { username, homedir: home, shell } = userInfo()
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    USER: username,
    LOGNAME: username,
    SHELL: shell ?? '/bin/sh',
    LANG: 'C.UTF-8',
  }
}
