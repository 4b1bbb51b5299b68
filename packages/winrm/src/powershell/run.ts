import type { Client } from '../client.ts'
import { CommandTooLongError } from '../errors.ts'
import type { Command } from '../winrs/command.ts'
import type { ShellSettings } from '../winrs/requests.ts'
import type { RunOptions } from '../winrs/shell.ts'
import { createClixmlDecoder, type PowerShellRecord, type RecordKind } from './clixml.ts'
import { base64Lines, encodedCommandLine, framed, PROCESS, Source, withPrologue } from './script.ts'

export type PowerShellStream = 'stdout' | 'stderr' | 'information' | Exclude<RecordKind, 'error'>

/** A piece of output in UTF-8. Errors are `stderr`, as text; warnings and the like have streams of their own. */
export type PowerShellPiece = { readonly stream: PowerShellStream; readonly data: Buffer }

export type PowerShellCommand = Command<PowerShellPiece>

export type PowerShellOptions = Omit<RunOptions, 'args' | 'skipCmdShell'> &
  ShellSettings & {
    /** The script holds secrets: it never stands on a command line, which others on the machine could read. */
    readonly isSecret?: boolean | undefined
    /** Statements that run before the script, in its scope: for variables it is to find. They do not count as its lines. */
    readonly prologue?: string | undefined
  }

const pieceOf = ({ kind, text }: PowerShellRecord): PowerShellPiece => ({
  stream: kind === 'error' ? 'stderr' : kind,
  data: Buffer.from(text),
})

/** What a powershell.exe writes, its error stream read as what it is. */
export const decoded = async function* (output: Command['output']): AsyncGenerator<PowerShellPiece, void, void> {
  const decoder = createClixmlDecoder()
  for await (const piece of output) {
    if (piece.stream === 'stdout') yield piece
    else yield* decoder.push(piece.data).map(pieceOf)
  }
  yield* decoder.end().map(pieceOf)
}

/** -EncodedCommand costs 8/3 of this, and cmd.exe takes 8,191; what is longer goes through stdin. */
const SHORT = 2_900

/** Windows holds 32,767 characters in a variable. */
const LONGEST_VARIABLE = 32_000

type Way = {
  readonly commandLine: string
  readonly stdin?: RunOptions['stdin']
  readonly environment?: ShellSettings['environment']
}

/** @throws CommandTooLongError only for a very long script that has input of its own as well */
const wayFor = (script: string, options: PowerShellOptions): Way => {
  const { stdin, acceptsInput, environment, isSecret, prologue = '' } = options
  const hasInput = stdin !== undefined || acceptsInput === true
  const whole = framed(PROCESS, Source.literal(script), hasInput, prologue)
  if (isSecret !== true && whole.length <= SHORT) return { commandLine: encodedCommandLine(whole), stdin, environment }
  if (!hasInput)
    return {
      commandLine: encodedCommandLine(framed(PROCESS, Source.stdin, false, prologue)),
      stdin: base64Lines(withPrologue(prologue, script)),
      environment,
    }
  const variable = Buffer.from(withPrologue(prologue, script)).toString('base64')
  if (variable.length > LONGEST_VARIABLE) throw new CommandTooLongError(variable.length, LONGEST_VARIABLE)
  return {
    commandLine: encodedCommandLine(framed(PROCESS, Source.variable, true, prologue)),
    stdin,
    environment: { ...environment, WINRM_SCRIPT: variable },
  }
}

/**
 * Runs a PowerShell script of any length. Its exit code: what it passes to `exit`; 1 after an uncaught error; else
 * that of the last program it called.
 * @throws as `Client.run`
 */
export const powershell = async (
  client: Client,
  script: string,
  options: PowerShellOptions = {},
): Promise<PowerShellCommand> => {
  const { commandLine, ...way } = wayFor(script, options)
  const command = await client.run(commandLine, { ...options, ...way })
  const output = decoded(command.output)
  return {
    ...command,
    output,
    get isOver() {
      return command.isOver
    },
  }
}
