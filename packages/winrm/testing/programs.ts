import { spawn } from 'node:child_process'
import { PassThrough, type Readable, type Writable } from 'node:stream'
import { readCmdLine } from './cmd.ts'

/** Something that runs on the simulated machine. */
export type Program = {
  readonly stdin: Writable
  readonly stdout: Readable
  readonly stderr: Readable
  readonly exited: Promise<number>
  kill(how: 'terminate' | 'ctrl_c' | 'ctrl_break'): void
}

export type Surroundings = {
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
}

/** What a program written in TypeScript gets: it answers with its exit code. */
export type Talk = {
  readonly stdin: Readable
  readonly stdout: Writable
  readonly stderr: Writable
  readonly signal: AbortSignal
} & Surroundings

/** Reads a PowerShell script and does what it says, for as much of PowerShell as a test needs. */
export type PowerShell = (script: string, talk: Talk) => Promise<number>

/** Answers a line of cmd.exe that the simulated one does not know; undefined where it knows no better. */
export type Cmd = (line: string, surroundings: Surroundings) => ((talk: Talk) => Promise<number>) | undefined

/** What runs on the machine, where a test has its own. */
export type OwnPrograms = {
  readonly powerShell: PowerShell
  /** Looks at every line of cmd.exe first. */
  readonly cmd?: Cmd | undefined
  /** Told of each process that a line of cmd.exe has started. */
  readonly started?: ((pid: number, surroundings: Surroundings) => void) | undefined
  /** Ending a command ends its first process alone, and not the whole group. */
  readonly leavesChildren?: boolean | undefined
}

const KILLED = { terminate: 1, ctrl_c: 0xc000013a, ctrl_break: 0xc000013a } as const

/** A program in this process. */
export const inside = (surroundings: Surroundings, work: (talk: Talk) => Promise<number>): Program => {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()]
  const killing = new AbortController()
  const killed = Promise.withResolvers<number>()
  const run = async () => {
    try {
      return await Promise.race([
        work({ stdin, stdout, stderr, signal: killing.signal, ...surroundings }),
        killed.promise,
      ])
    } catch (error) {
      stderr.write(`${(error as Error).message}\r\n`)
      return 1
    } finally {
      stdout.end()
      stderr.end()
      stdin.destroy()
    }
  }
  return {
    stdin,
    stdout,
    stderr,
    exited: run(),
    kill(how) {
      killed.resolve(KILLED[how])
      killing.abort()
    },
  }
}

/** A process of the machine the tests run on, in a group of its own. */
const process_ = (
  file: string,
  args: readonly string[],
  surroundings: Surroundings,
  { started, leavesChildren }: OwnPrograms,
): Program => {
  const { cwd, environment } = surroundings
  const child = spawn(file, args, { cwd, env: { ...environment }, detached: true })
  if (child.pid !== undefined) started?.(child.pid, surroundings)
  const exited = Promise.withResolvers<number>()
  let killedBy: keyof typeof KILLED | undefined
  child.once('error', (error) => {
    child.stderr.push(`'${file}' is not recognized as an internal or external command: ${error.message}\r\n`)
    child.stdout.push(null)
    child.stderr.push(null)
    exited.resolve(1)
  })
  child.once('exit', (code) => exited.resolve(killedBy === undefined ? (code ?? 1) : KILLED[killedBy]))
  child.stdin.on('error', () => {}) // it may not read its input
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    exited: exited.promise,
    kill(how) {
      killedBy ??= how
      try {
        if (child.pid === undefined) return
        if (how === 'terminate' && leavesChildren === true) {
          child.kill('SIGKILL')
          // what is left may hold them open
          child.stdout.destroy()
          child.stderr.destroy()
        } else process.kill(-child.pid, how === 'terminate' ? 'SIGKILL' : 'SIGINT')
      } catch {
        // it was quicker
      }
    },
  }
}

/** Past this cmd.exe runs nothing and says nothing. */
const CMD_LIMIT = 8_191

const say =
  (text: string, exitCode = 0) =>
  (surroundings: Surroundings) =>
    inside(surroundings, async ({ stdout }) => {
      stdout.write(text)
      return exitCode
    })

/** The script of `powershell -EncodedCommand`, in whatever way the option is written. */
const encodedScript = (argv: readonly string[]): string | undefined => {
  if (!/(?:^|[\\/])powershell(?:\.exe)?$/i.test(argv[0] ?? '')) return undefined
  const at = argv.findIndex((argument) => /^[-/]e(?:c|nc\w*)?$/i.test(argument))
  return at === -1 ? undefined : Buffer.from(argv[at + 1] ?? '', 'base64').toString('utf16le')
}

/** `set "NAME=value"&…`, the one assignment that a line may begin with. */
const assignment = /^set "(\w+)=([^"]*)"&(.*)$/s

/** Starts a command line as WinRS would: through a little cmd.exe, with POSIX programs behind it. */
export const startProgram = (line: string, surroundings: Surroundings, own: OwnPrograms): Program => {
  if (line.length > CMD_LIMIT) return say('')(surroundings)
  const answer = own.cmd?.(line, surroundings)
  if (answer !== undefined) return inside(surroundings, answer)
  const [, assigned, value = '', rest = ''] = assignment.exec(line) ?? []
  if (assigned !== undefined) {
    const environment = { ...surroundings.environment, [assigned]: value }
    return startProgram(rest, { ...surroundings, environment }, own)
  }
  const parsed = readCmdLine(line, surroundings.environment)
  if (parsed.kind === 'shell') return process_('/bin/sh', ['-c', parsed.text], surroundings, own)

  const { argv, text } = parsed
  const script = encodedScript(argv)
  if (script !== undefined) return inside(surroundings, (talk) => own.powerShell(script, talk))
  const [name = '', ...args] = argv
  switch (name.toLowerCase()) {
    case 'echo':
      return say(`${text.slice(5)}\r\n`)(surroundings)
    case 'ver':
      return say('\r\nMicrosoft Windows [Version 10.0.20348.2700]\r\n')(surroundings)
    case 'cd':
      return say(`${surroundings.cwd}\r\n`)(surroundings)
    case 'set': {
      const lines = Object.entries(surroundings.environment).map(([key, value]) => `${key}=${value}\r\n`)
      return say(lines.join(''))(surroundings)
    }
    case 'exit':
      return say('', Number(args.at(-1) ?? 0) >>> 0)(surroundings)
    case 'cmd':
    case 'cmd.exe':
      return startProgram(text.replace(/^\S+\s+\/c\s+/i, ''), surroundings, own)
    default:
      return process_(name, args, surroundings, own)
  }
}
