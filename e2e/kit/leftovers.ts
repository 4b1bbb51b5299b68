import { execFileSync } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { sep } from 'node:path'

const dataDirSetting = 'OPSCONDUCTOR_DATA_DIR'

/** What still runs for a data directory, as `pid command`: servers by their environment, PostgreSQL by where it works. */
export const processesOf = (dataDir: string): string[] => {
  if (process.platform !== 'linux') return commandLines().filter((line) => line.includes(dataDir))
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => worksIn(pid, dataDir) || isConfiguredFor(pid, dataDir))
    .map((pid) => `${pid} ${commandOf(pid)}`)
}

/** The command line of everything that runs on this machine. */
export const commandLines = (): string[] =>
  execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 16 * 1024 * 1024 }).split('\n')

/** A command that outlasts every test, and how to see it run: those of other tests and other runs are not it. */
export const longSleep = () => {
  const command = `sleep ${randomInt(1e8, 1e9)}`
  return { command, running: () => commandLines().filter((line) => line.includes(command)) }
}

// a process may end, or belong to somebody else, between two looks
const orEmpty = (look: () => string): string => {
  try {
    return look()
  } catch {
    return ''
  }
}

const worksIn = (pid: string, folder: string) =>
  `${orEmpty(() => readlinkSync(`/proc/${pid}/cwd`))}${sep}`.startsWith(`${folder}${sep}`)

const isConfiguredFor = (pid: string, dataDir: string) =>
  orEmpty(() => readFileSync(`/proc/${pid}/environ`, 'utf8'))
    .split('\0')
    .includes(`${dataDirSetting}=${dataDir}`)

const commandOf = (pid: string) => orEmpty(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8')).replaceAll('\0', ' ')
