import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

export type Process = { pid: number; parent: number; group: number; name: string }

/** Everything that runs on this machine, without what has ended and waits for its parent; from /proc, or from ps. */
export const listProcesses = (): Process[] => (existsSync('/proc/self/stat') ? fromProc() : fromPs())

const fromProc = (): Process[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        // proc(5): pid (name) state parent group …, and the name may hold anything
        const found = /\((.*)\) (\S) (\d+) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? []
        const [, name = '', state, parent = '0', group = '0'] = found
        return state === 'Z' ? [] : [{ pid: Number(pid), parent: Number(parent), group: Number(group), name }]
      } catch {
        return [] // ended in between
      }
    })

const fromPs = (): Process[] =>
  execFileSync('ps', ['-A', '-o', 'pid=', '-o', 'ppid=', '-o', 'pgid=', '-o', 'comm='], { encoding: 'utf8' })
    .split('\n')
    .flatMap((line) => {
      const [, pid, parent, group, path = ''] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? []
      const name = path.split('/').pop() ?? ''
      return pid === undefined ? [] : [{ pid: Number(pid), parent: Number(parent), group: Number(group), name }]
    })

/** Processes below `pid` that belong to sshd itself, not the commands it runs. */
export const sshdProcessesBelow = (pid: number): number[] => {
  const all = listProcesses()
  const below = (parent: number): number[] =>
    all
      .filter((one) => one.parent === parent && one.name.startsWith('sshd'))
      .flatMap((one) => [one.pid, ...below(one.pid)])
  return below(pid)
}

/** Signals a process that may be gone already. */
export const signalIfThere = (pid: number, signal: NodeJS.Signals): void => {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
