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

/**
 * One argument for a program that cmd.exe starts: quoted for the program, and every character that means something to
 * cmd.exe (the quotes, too, so that it never thinks itself inside of them) escaped by a caret. `%` cannot be escaped on
 * a command line, but `%NAME^%` is no variable's name, which comes to the same.
 * @throws WinrmError for line breaks, which end a command line whatever stands before them
 */
export const quoteForCmd = (argument: string): string => {
  if (/[\r\n\0]/.test(argument)) throw new WinrmError('A line break cannot be part of an argument in cmd.exe.')
  return quoteArgument(argument).replaceAll(/[()%!^"<>&|]/g, '^$&')
}

/** cmd.exe takes 8,191 characters, and WinRS puts its own path and quotes in front of ours. */
const CMD_LIMIT = 8_191 - 64
/** CreateProcess, with the terminating zero. */
const PROCESS_LIMIT = 32_766

/**
 * Refuses what Windows may not run: beyond its limit cmd.exe silently runs nothing, and reports 0.
 * @throws CommandTooLongError
 */
export const requireRunnable = (commandLine: string, through: 'cmd' | 'process'): void => {
  const limit = through === 'cmd' ? CMD_LIMIT : PROCESS_LIMIT
  if (commandLine.length > limit) throw new CommandTooLongError(commandLine.length, limit)
}
