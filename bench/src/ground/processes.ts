import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

// proc(5). Only Linux has it; elsewhere nothing is counted.

/** Processor time of a process and of its ended children that were waited for, in milliseconds. */
export type Times = { pid: number; parent: number; ownMs: number; childrenMs: number }

const tickMs = 1_000 / Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }))

const timesOf = (pid: string): Times[] => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // the name, in parentheses, may hold anything; behind it comes field 3
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const at = (number: number) => Number(fields[number - 3])
    return [
      { pid: Number(pid), parent: at(4), ownMs: (at(14) + at(15)) * tickMs, childrenMs: (at(16) + at(17)) * tickMs },
    ]
  } catch {
    return [] // ended in between
  }
}

const allTimes = (): Times[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap(timesOf)

/** Processor time of a process, everything below it, and everything that ended there. */
export const cpuMsBelow = (root: number): number => {
  const all = allTimes()
  const sum = (pid: number): number => {
    const own = all.find((one) => one.pid === pid)
    const children = all.filter((one) => one.parent === pid)
    return (own === undefined ? 0 : own.ownMs + own.childrenMs) + children.reduce((ms, { pid }) => ms + sum(pid), 0)
  }
  return sum(root)
}

/** Processor time of all that this process has started, waited for and seen the end of. */
export const endedChildrenCpuMs = (): number => timesOf('self')[0]?.childrenMs ?? 0

/** Processor time of processes whose arguments hold a text: what put itself into the background. */
export const cpuMsOfThoseWith = (text: string): number =>
  allTimes()
    .filter(({ pid }) => argumentsOf(pid).includes(text))
    .reduce((ms, { ownMs, childrenMs }) => ms + ownMs + childrenMs, 0)

export const pidsWith = (text: string): number[] =>
  allTimes()
    .map(({ pid }) => pid)
    .filter((pid) => pid !== process.pid && argumentsOf(pid).includes(text))

const argumentsOf = (pid: number): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1')
  } catch {
    return ''
  }
}

/** What the machine has worked since it was started, on all processors. */
export const machineCpuMs = (): number => {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softIrq = 0] =
    /^cpu +(.*)$/m.exec(readFileSync('/proc/stat', 'latin1'))?.[1]?.split(' ').map(Number) ?? []
  return (user + nice + system + irq + softIrq) * tickMs
}

const memoryLine = (pid: number, name: string): number => {
  const [, kib = '0'] = new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? []
  return Number(kib) / 1_024
}

/** Memory of one process now, in MiB. */
export const memoryMiB = (pid: number): number => memoryLine(pid, 'VmRSS')

/** From now on {@link peakMemoryMiB} counts anew. */
export const forgetPeakMemory = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, '5')

export const peakMemoryMiB = (pid: number): number => memoryLine(pid, 'VmHWM')
