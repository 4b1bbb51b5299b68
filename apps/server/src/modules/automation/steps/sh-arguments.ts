import type { Expression } from './expressions.ts'
import { commandsOf, plainWord, programOf, type ShCommand } from './sh-commands.ts'
import { withoutPlaces } from './sh-nesting.ts'
import type { ShPlace, ShTemplate } from './sh-rendering.ts'

/** What the shell does itself: such arguments are in no list of processes. */
const builtin =
  /^(?:|:|\.|\[|\[\[|alias|break|case|cd|continue|declare|echo|eval|exit|export|false|for|function|getopts|hash|kill|let|local|print|printf|pwd|read|readonly|return|select|set|shift|source|test|times|trap|true|type|typeset|ulimit|umask|unalias|unset|wait)$/

/** Programs that take the next word for a text in a language of their own. */
const interpreters: Record<string, RegExp> = {
  python: /^-c$/,
  python2: /^-c$/,
  python3: /^-c$/,
  perl: /^-[A-Za-z]*[eE]$/,
  ruby: /^-e$/,
  node: /^(-e|-p|--eval|--print)$/,
  php: /^-r$/,
  psql: /^(-c|--command)$/,
  mysql: /^(-e|--execute)$/,
}

/**
 * What an author should know about where values stand: secrets among the arguments of programs, where every user of the
 * target may see them while the program runs, and values that become part of a text in another language.
 */
export const argumentWarnings = (
  { text, places }: ShTemplate,
  isSecret: (expression: Expression) => boolean,
): string[] => {
  const script = withoutPlaces(text, places)
  const commands = commandsOf(script)
  const warnings = new Set<string>()
  for (const place of places) {
    for (const { program, language } of languagesAt(commands, place)) {
      warnings.add(
        `{{ ${place.source} }} becomes part of a text that ${program} reads ${language}, where it is not quoted. Hand it over as an argument of its own where the program allows it.`,
      )
    }
    if (!isSecret(place)) continue
    const [program] = programsAt(script, commands, place)
    if (program !== undefined) {
      warnings.add(
        `the secret {{ ${place.source} }} stands among the arguments of ${program}, where other users of the target may see it. Hand it over by standard input where the program allows it.`,
      )
    }
  }
  return [...warnings]
}

type Place = { start: number; end: number }
const holds = ({ start, end }: Place, place: Place) => start <= place.start && place.end <= end

/** Programs that get what stands in a place as an argument, or as a part of one. */
const programsAt = (script: string, commands: readonly ShCommand[], place: ShPlace): string[] => {
  const inner = place.outer === undefined ? null : innerCommands(script, commands, place)
  const own = inner ?? commands
  const found: string[] = []
  for (const command of own) {
    if (command.words.findIndex((word) => holds(word, place)) === -1) continue
    const program = outsideOf(script, command)
    if (program !== null) found.push(program)
    // what a builtin prints, xargs makes an argument of
    const readers = own.filter(
      ({ pipeline, words }) => pipeline === command.pipeline && programOf(words[0]) === 'xargs',
    )
    if (program === null && readers.length > 0) found.push('what xargs starts')
  }
  const variable = /(?:^|[\s;&|(])([A-Za-z_]\w*)=[^\s;&|]*$/.exec(
    script.slice(Math.max(0, place.start - 300), place.start),
  )
  if (found.length === 0 && variable?.[1] !== undefined) found.push(...programsUsing(script, own, variable[1]))
  return found
}

/** The commands of a script in quotes, at their places in the whole text. */
const innerCommands = (script: string, commands: readonly ShCommand[], place: Place): ShCommand[] | null => {
  const word = commands.flatMap(({ words }) => words).findLast((each) => holds(each, place))
  if (word === undefined) return null
  const from = word.start + 1
  const shifted = <T extends Place>(range: T): T => ({ ...range, start: range.start + from, end: range.end + from })
  return commandsOf(script.slice(from, word.end - 1)).map((command) => ({
    ...command,
    words: command.words.map(shifted),
  }))
}

const programsUsing = (script: string, commands: readonly ShCommand[], variable: string): string[] => {
  const use = new RegExp(`\\$(?:${variable}(?!\\w)|\\{${variable}(?!\\w))`)
  return commands.flatMap((command) => {
    const isUsed = command.words.some((word) => use.test(word.text))
    return isUsed ? (outsideOf(script, command) ?? []) : []
  })
}

/** The program a command starts; null when the shell does it itself. */
const outsideOf = (script: string, { words }: ShCommand): string | null => {
  const first = words.find((word) => !/^(?:command|builtin|exec)$/.test(programOf(word)))
  // `/bin/echo` is a program, `echo` is the shell
  if (first === undefined || (programOf(first) === plainWord(first) && builtin.test(plainWord(first)))) return null
  const name = plainWord(first)
  const isFunction =
    /^[\w-]+$/.test(name) && new RegExp(`(?:^|[\\n;{}&|])\\s*(?:function\\s+)?${name}\\s*\\(\\)`).test(script)
  return isFunction ? null : programOf(first)
}

const languagesAt = (commands: readonly ShCommand[], place: ShPlace) =>
  commands.flatMap(({ words }) => {
    const index = words.findIndex((word) => holds(word, place))
    const program = words.findLastIndex((word, at) => at < index && programOf(word) in interpreters)
    const name = programOf(words[program])
    if (program !== -1 && index > program + 1 && interpreters[name]?.test(plainWord(words[index - 1])))
      return [{ program: name, language: 'as a program' }]
    const isRemote = index > 1 && words.findIndex((word) => programOf(word) === 'ssh') !== -1
    const text = words[index]?.text ?? ''
    return isRemote && /\s/.test(text) ? [{ program: 'ssh', language: 'as a command' }] : []
  })
