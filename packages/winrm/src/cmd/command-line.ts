import { CommandTooLongError, WinrmError } from '../errors.ts'

/**
 * One argument as CommandLineToArgvW and the C runtime read it: backslashes count only before a quote.
 * "Parsing C++ command-line arguments", Microsoft Learn
 */
export const quoteArgument = (argument: string): string => {
  if (argument !== '' && !/[\s"]/.test(argument)) return argument
  const escaped = argument.replaceAll(/(\\*)"/g, String.raw`$1$1\"`).replace(/(\\+)$/, '$1$1')
  return `"${escaped}"`
}

/** What means something to cmd.exe: the quotes, too, so that it never thinks itself inside of them. */
const META = '()%!^"<>&|'

/**
 * One argument for a program that cmd.exe starts: quoted for the program, and escaped by carets for cmd.exe. `%` cannot
 * be escaped on a command line; but with a caret behind it what follows is no variable's name (`%^NAME^%`, and neither
 * `%^NAME:a=b^%`), which comes to the same.
 * @throws WinrmError for line breaks, which end a command line whatever stands before them
 */
export const quoteForCmd = (argument: string): string => {
  if (/[\r\n\0]/.test(argument)) throw new WinrmError('A line break cannot be part of an argument in cmd.exe.')
  let quoted = ''
  let before = ''
  for (const character of quoteArgument(argument)) {
    quoted += META.includes(character) || before === '%' ? `^${character}` : character
    before = character
  }
  return quoted
}

export type CommandLine = {
  /** Quoted for the program that reads them, and for cmd.exe; the command itself is taken as it is. */
  readonly args?: readonly string[] | undefined
  /** Without cmd.exe: needs the program's whole path. Windows since 2012 R2 may use cmd.exe all the same. */
  readonly skipCmdShell?: boolean | undefined
}

/** cmd.exe takes 8,191 characters, and WinRS puts its own path and quotes in front of ours. */
const CMD_LIMIT = 8_191 - 64
/** CreateProcess, with the terminating zero. */
const PROCESS_LIMIT = 32_766

/**
 * The whole line. What Windows may not run is refused: beyond its limit cmd.exe silently runs nothing, and reports 0.
 * @throws CommandTooLongError, WinrmError
 */
export const commandLineOf = (command: string, { args = [], skipCmdShell = false }: CommandLine): string => {
  const line = [command, ...args.map(skipCmdShell ? quoteArgument : quoteForCmd)].join(' ')
  const limit = skipCmdShell ? PROCESS_LIMIT : CMD_LIMIT
  if (line.length > limit) throw new CommandTooLongError(line.length, limit)
  return line
}
