import { existsSync, readdirSync, statSync } from 'node:fs'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  readScript,
  runScript,
  startWindows as startSimulated,
  type Cmd,
  type PowerShell,
  type ReadScript,
  type Talk,
  type Windows,
  type WindowsOptions,
} from '@opsconductor/winrm/testing'
import { takeByCmd, takeByPowerShell } from '../src/winrm/guard.ts'
import { VERSION_SCRIPT } from '../src/winrm/probe.ts'
import { lookScript, noteHost, noteProcess, stopScript, stopUnderHostScript } from '../src/winrm/processes.ts'
import { aliveLine, killLine } from '../src/winrm/shell.ts'
import { sweepScript } from '../src/winrm/sweep.ts'
import { until } from './collect.ts'
import { listProcesses, signalIfThere } from './processes.ts'

export type { Windows } from '@opsconductor/winrm/testing'

const VERSION = 'Microsoft Windows NT 10.0.20348.0'

const placeOf = ({ environment }: Pick<Talk, 'environment'>, id: string): string =>
  join(environment['USERPROFILE'] ?? '', '.opsconductor', id)

const say = async ({ stdout }: Talk, text: string): Promise<number> => {
  stdout.write(`${text}\r\n`)
  return 0
}

const takeFolder = async (talk: Talk, id: string): Promise<number> => {
  const place = placeOf(talk, id)
  try {
    await mkdir(dirname(place), { recursive: true })
    await mkdir(place)
    return await say(talk, 'oc-taken')
  } catch {
    return say(talk, existsSync(place) ? 'oc-there' : 'oc-nowhere')
  }
}

const takeFile = async (talk: Talk, id: string): Promise<number> => {
  const place = placeOf(talk, id)
  try {
    await mkdir(dirname(place), { recursive: true })
    await writeFile(place, '', { flag: 'wx' })
    return await say(talk, 'oc-taken')
  } catch {
    return say(talk, existsSync(place) ? 'oc-there' : 'oc-nowhere')
  }
}

/** The first processes of cmd's lines with a mark, by that. */
type Marked = Map<string, number>

/** One of the scripts that look for what a command has left. */
type Look = { folder: string; isToEnd: boolean; isUnderHost: boolean }

const lookIn = (script: string): Look | undefined => {
  const [, folder = '', id = ''] = /'\.opsconductor\\(([\w-]+)(?:\.d)?)\\process'/.exec(script) ?? []
  if (id === '') return undefined
  if (script === lookScript(id)) return { folder, isToEnd: false, isUnderHost: false }
  if (script === stopScript(id)) return { folder, isToEnd: true, isUnderHost: false }
  return script === stopUnderHostScript(id) ? { folder, isToEnd: true, isUnderHost: true } : undefined
}

/** Children are found by their group here, as Windows finds them by their parents. */
const sayLeft = async (
  talk: Talk,
  { folder, isToEnd, isUnderHost }: Look,
  marked: Marked,
  { failsToLook, isUnkillable = () => false }: WindowsMachine,
): Promise<number> => {
  if (failsToLook?.() === true) {
    talk.stderr.write('Get-CimInstance : Access denied\r\n')
    return 1
  }
  const note = join(placeOf(talk, folder), 'process')
  // cmd.exe is found as long as it runs
  const ofCmd = listProcesses().find(({ pid }) => pid === marked.get(folder))?.pid
  const group = existsSync(note) ? Number(await readFile(note, 'utf8')) : ofCmd
  if (group === undefined) return say(talk, 'oc-unknown')
  const left = () => listProcesses().filter((one) => one.group === group && !(isUnderHost && one.pid === group))
  const mortal = () => left().filter(({ pid }) => !isUnkillable(pid))
  if (isToEnd) for (const { pid } of mortal()) signalIfThere(pid, 'SIGKILL')
  if (isToEnd) await until(() => mortal().length === 0)
  return say(
    talk,
    `oc-left ${left()
      .map(({ pid }) => pid)
      .join(' ')}`,
  )
}

const KEPT_MS = 8 * 86_400_000

const sweepGuards = async (talk: Talk, marked: Marked): Promise<number> => {
  const folder = placeOf(talk, '')
  const living = new Set(listProcesses().map(({ pid }) => pid))
  for (const id of readdirSync(folder).filter((name) => /^\w[\w-]*$/.test(name))) {
    const place = join(folder, id)
    if (Date.now() - statSync(place).mtimeMs < KEPT_MS) continue
    const notes = [place, `${place}.d`].map((where) => join(where, 'process')).filter((note) => existsSync(note))
    const noted = await Promise.all(notes.map(async (note) => Number(await readFile(note, 'utf8'))))
    if ([...noted, marked.get(id) ?? 0].some((pid) => living.has(pid))) continue
    for (const path of [`${place}.d`, place]) await rm(path, { recursive: true, force: true })
  }
  return 0
}

const numberIn = (line: string): number => Number(/\d+/.exec(line)?.[0])

/** The wire's own lines of cmd, by heart: what they come to on Windows. */
const knownLines: Cmd = (line) => {
  const id = /opsconductor\\([\w-]+)"/.exec(line)?.[1] ?? ''
  if (line === takeByCmd(id)) return (talk) => takeFolder(talk, id)
  const pid = numberIn(line)
  if (line === aliveLine(pid))
    return (talk) => say(talk, 'INFO: No tasks are running which match the specified criteria.')
  if (line === killLine(pid, true) || line === killLine(pid, false)) return async () => 128
  return undefined
}

/** What a machine of this kind has beside programs. */
export type WindowsMachine = Omit<WindowsOptions, 'powerShell' | 'started'> & {
  /** Services by name, with their status; `Restart-Service` and `Get-Service` know them. */
  services?: Map<string, string>
  /** Whether its processes cannot be listed just now. */
  failsToLook?: () => boolean
  /** Processes that nobody may end. */
  isUnkillable?: (pid: number) => boolean
}

/** `Restart-Service ${OC_1}; (Get-Service ${OC_1}).Status`, and the same with names as they are. */
const statement = /^(?:(Restart|Stop|Start)-Service (\S+)|\(Get-Service (\S+)\)\.Status)$/

const withServices = async (services: Map<string, string>, { script, variables }: ReadScript, talk: Talk) => {
  const named = (word: string): string => variables[/^\$\{(\w+)\}$/.exec(word)?.[1] ?? ''] ?? word
  for (const part of script.split(';')) {
    const [, verb, changed, asked] = statement.exec(part.trim()) ?? []
    const name = named(changed ?? asked ?? '')
    if (!services.has(name)) {
      talk.stderr.write(`Cannot find any service with service name '${name}'.\r\n`)
      return 1
    }
    if (verb !== undefined) services.set(name, verb === 'Stop' ? 'Stopped' : 'Running')
    else await say(talk, services.get(name) ?? '')
  }
  return 0
}

/** Where the prologue of a script notes its process. */
const notedIn = (prologue: string): string | undefined => {
  const [, folder, id = ''] = /'\.opsconductor\\(([\w-]+)(?:\.d)?)\\process'/.exec(prologue) ?? []
  return [noteProcess, noteHost].some((note) => id !== '' && prologue.includes(note(id))) ? folder : undefined
}

const noteBySh = (folder: string): string => `mkdir -p '${folder}'; echo $$ >'${folder}/process'`

/** The wire's own scripts, by heart; those about services; every other one is in the language of /bin/sh. */
const powerShellOf =
  (machine: WindowsMachine, marked: Marked): PowerShell =>
  async (encoded, talk) => {
    const read = await readScript(encoded, talk)
    const { script } = read
    const id = /\$place=Join-Path \$folder '([\w-]+)'/.exec(script)?.[1]
    if (id !== undefined && script === takeByPowerShell(id)) return takeFile(talk, id)
    const look = lookIn(script)
    if (look !== undefined) return sayLeft(talk, look, marked, machine)
    if (script.split(';').every((part) => statement.test(part.trim())))
      return withServices(machine.services ?? new Map(), read, talk)
    const noted = notedIn(read.prologue)
    if (noted !== undefined) return runScript({ ...read, script: `${noteBySh(placeOf(talk, noted))}\n${script}` }, talk)
    if (script === sweepScript) return sweepGuards(talk, marked)
    if (script === VERSION_SCRIPT) return say(talk, VERSION)
    return runScript(read, talk)
  }

/**
 * A machine that speaks WinRM as Windows does. Its programs are those of this machine, its PowerShell is /bin/sh (in which
 * `${name}` is the same): what the scripts around a command do on Windows itself no test can show.
 */
export const startWindows = (machine: WindowsMachine = {}): Promise<Windows> => {
  const { services: _services, failsToLook: _fails, isUnkillable: _unkillable, ...options } = machine
  const marked: Marked = new Map()
  return startSimulated({
    leavesChildren: true,
    ...options,
    started: (pid, { environment }) => void marked.set(environment['OC_STEP'] ?? '', pid),
    cmd: (line, surroundings) => options.cmd?.(line, surroundings) ?? knownLines(line, surroundings),
    powerShell: powerShellOf(machine, marked),
  })
}
