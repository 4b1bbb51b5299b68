import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'

/** A process that no later process is mistaken for. `startedAt` is opaque: equal or not is all one may ask. */
export type Identity = { readonly pid: number; readonly startedAt: string }

export const identify = async (pid: number): Promise<Identity> => ({ pid, startedAt: (await startOf(pid)) ?? '' })

/** Is it still the same process? A number given to another process since is told apart where the system says when a process started. */
export const isAlive = async ({ pid, startedAt }: Identity): Promise<boolean> =>
  exists(pid) && (startedAt === '' || (await startOf(pid)) === startedAt)

const exists = (pid: number): boolean => {
  try {
    process.kill(pid, 0) // sends nothing
    return true
  } catch (error) {
    // EPERM: it exists and belongs to someone else
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

const startOf = async (pid: number): Promise<string | undefined> => {
  if (process.platform === 'linux') return startOnLinux(pid)
  if (process.platform === 'win32') return undefined
  try {
    const { stdout } = await promisify(execFile)('/bin/ps', ['-o', 'lstart=', '-p', String(pid)])
    return stdout.trim() || undefined
  } catch {
    return undefined // no such process
  }
}

/** Clock ticks since boot, field 22 of proc(5) stat, together with which boot it was. */
const startOnLinux = async (pid: number): Promise<string | undefined> => {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    // field 2 is the program's name in brackets and may hold anything, brackets too
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z' || fields[0] === 'X') return undefined // dead, only not yet collected by its parent
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8')
    return `${fields[19]}@${boot.trim()}`
  } catch {
    return undefined
  }
}
