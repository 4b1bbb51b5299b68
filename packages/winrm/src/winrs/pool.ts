import { commandLineOf } from '../cmd/command-line.ts'
import { QuotaError, ShellLostError } from '../errors.ts'
import type { Command } from './command.ts'
import type { ShellSettings } from './requests.ts'
import { openShell, type RunOptions, type Shell } from './shell.ts'
import type { Station } from './shell-port.ts'

/**
 * Shells kept for the next command of the same settings. WinRS does not give an operation back to the user's quota
 * before its shell ends, whatever is signalled: so a shell is left before the quota (1,500; 15 on 2008 R2) bites.
 */
export type ShellPool = {
  /** @throws as `Shell.run` */
  run(command: string, options: RunOptions & ShellSettings): Promise<Command>
  close(): Promise<void>
}

const MAX_COMMANDS = 500
const IDLE_CLOSE_MS = 60_000

const keyOf = ({ workingDirectory, environment, codepage, noProfile, idleTimeoutMs }: ShellSettings) =>
  JSON.stringify([workingDirectory, Object.entries(environment ?? {}), codepage, noProfile, idleTimeoutMs])

const giveAfter = async ({ exit }: Command, give: () => void) => {
  await exit.catch(() => {})
  give()
}

export const createShellPool = (station: Station): ShellPool => {
  const idle = new Map<string, Set<Shell>>()
  const timers = new Map<Shell, NodeJS.Timeout>()
  const open = new Set<Shell>()
  let isClosed = false

  const leave = (shell: Shell) => {
    open.delete(shell)
    return shell.close()
  }

  const take = (key: string): Shell | undefined => {
    for (const shell of idle.get(key) ?? []) {
      idle.get(key)!.delete(shell)
      clearTimeout(timers.get(shell))
      timers.delete(shell)
      if (shell.isUsable) return shell
      void leave(shell)
    }
    return undefined
  }

  const give = (key: string, shell: Shell) => {
    if (isClosed || !shell.isUsable || shell.commandCount >= MAX_COMMANDS) {
      void leave(shell)
      return
    }
    if (!idle.has(key)) idle.set(key, new Set())
    idle.get(key)!.add(shell)
    const timer = setTimeout(() => {
      idle.get(key)?.delete(shell)
      timers.delete(shell)
      void leave(shell)
    }, IDLE_CLOSE_MS)
    timer.unref()
    timers.set(shell, timer)
  }

  const runIn = async (key: string, shell: Shell, command: string, options: RunOptions): Promise<Command> => {
    try {
      const running = await shell.run(command, options)
      void giveAfter(running, () => give(key, shell))
      return running
    } catch (error) {
      if (error instanceof QuotaError) void leave(shell)
      else give(key, shell)
      throw error
    }
  }

  const fresh = async (settings: ShellSettings, signal: AbortSignal | undefined) => {
    const shell = await openShell(station, settings, signal)
    open.add(shell)
    return shell
  }

  return {
    async run(command, options) {
      commandLineOf(command, options) // what cannot run opens no shell
      const key = keyOf(options)
      const kept = take(key)
      if (kept === undefined) return runIn(key, await fresh(options, options.signal), command, options)
      try {
        return await runIn(key, kept, command, options)
      } catch (error) {
        // the shell ended while nobody used it, or its quota did: the command has not begun, a new shell takes it
        if (!(error instanceof ShellLostError || error instanceof QuotaError)) throw error
        await leave(kept)
        return runIn(key, await fresh(options, options.signal), command, options)
      }
    },
    async close() {
      isClosed = true
      for (const timer of timers.values()) clearTimeout(timer)
      await Promise.all([...open].map(leave))
    },
  }
}
