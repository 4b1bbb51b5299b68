import { parseArgs } from 'node:util'

export const usage = `Usage: npm start [-- <option>]

  --demo                  turn on the local transport and add a target and two jobs to try things with
  config                  print the configuration as it was understood, and end
  reset-password [user]   give somebody who lost theirs a new password (admin where nobody is named), and end
  --help                  print this, and end
`

/** A command line that says something nobody knows. */
export class UsageError extends Error {}

const options = {
  demo: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** @throws UsageError for what it does not know */
export const readArguments = (args: readonly string[]) => {
  const read = () => {
    try {
      return parseArgs({ args: [...args], allowPositionals: true, options })
    } catch (cause) {
      // the rest of its message is for those who write programs
      throw new UsageError(cause instanceof Error ? (cause.message.split('. ')[0] ?? '') : String(cause))
    }
  }
  const { values, positionals } = read()
  const [command = 'start', username = 'admin', ...rest] = positionals
  const isKnown = command === 'config' || command === 'reset-password' || positionals.length === 0
  const tooMany = command === 'config' ? positionals.slice(1) : rest
  if (!isKnown) throw new UsageError(`There is no "${command}".`)
  if (tooMany.length > 0) throw new UsageError(`What does "${tooMany.join(' ')}" mean here?`)
  return { command, username, isDemo: values.demo, wantsHelp: values.help }
}

export type Arguments = ReturnType<typeof readArguments>
