import { quoteForCmd } from '@opsconductor/transports'
import { evaluate, ExpressionError, type Lookup } from './expressions.ts'
import { findPlaceholders, type Placeholder, placeOf, type TextProblem } from './placeholders.ts'
import { mask, replacePlaces, settled } from './sh-rendering.ts'

/** In which quotes of cmd.exe a place stands. */
type CmdContext = 'bare' | 'double'
type CmdPlace = Placeholder & { context: CmdContext }

/** A line of cmd.exe whose placeholders are found and all stand where a value can be put safely. */
export type CmdTemplate = { text: string; places: CmdPlace[] }

export const readCmdTemplate = (text: string): { template: CmdTemplate; problems: TextProblem[] } => {
  const { placeholders, problems } = findPlaceholders(text)
  const lineBreak = /[\r\n]/.exec(text)
  if (lineBreak !== null)
    problems.push({
      ...placeOf(text, lineBreak.index),
      message: 'a command of cmd is one line; join commands with &, or use PowerShell',
    })
  const places: CmdPlace[] = []
  for (const placeholder of placeholders) {
    const context = placeholder.isRaw ? 'bare' : contextAt(text, placeholder, placeholders)
    if (typeof context === 'string') places.push({ ...placeholder, context })
    else
      problems.push({
        ...placeOf(text, placeholder.start),
        message: `{{ ${placeholder.source} }} stands ${context.refused}`,
      })
  }
  return { template: { text, places }, problems }
}

/** What cmd.exe has read before a place: how far its quotes are, where its command begins, and whether a pipe is in it. */
const readBefore = (text: string, end: number, placeholders: readonly Placeholder[]) => {
  let isQuoted = false
  let commandAt = 0
  let isEscaped = false
  let hasPipe = false
  for (let at = 0; at < end; at++) {
    const skipped = placeholders.find(({ start }) => start === at)
    if (skipped !== undefined) {
      at = skipped.end - 1
      isEscaped = false
      continue
    }
    const character = text[at] ?? ''
    if (isEscaped) isEscaped = false
    else if (character === '^' && !isQuoted) isEscaped = true
    else if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && /[&|()]/.test(character)) {
      commandAt = at + 1
      if (character === '|' && text[at - 1] !== '|' && text[at + 1] !== '|') hasPipe = true
    }
  }
  return { isQuoted, isEscaped, hasPipe, command: text.slice(commandAt, end) }
}

/** These read their arguments a second time, by their own rules. */
const readsAgain =
  /^[\s@]*(?:if\s.*\s)?"?(?:[^\s"]*[\\/])?(?:cmd|powershell|pwsh|call|for|forfiles|start|wsl|bash|sh|cscript|wscript|mshta|wmic|schtasks|at|runas|psexec|ssh)(?:\.exe|\.com)?(?:[\s/"]|$)/i

const contextAt = (
  text: string,
  { start, end }: Placeholder,
  placeholders: readonly Placeholder[],
): CmdContext | { refused: string } => {
  const { isQuoted, isEscaped, command } = readBefore(text, start, placeholders)
  if (isEscaped) return { refused: 'directly behind a caret' }
  if (readsAgain.test(command) || /(?:^|[\s&|(@])for\s+(?:\/\w\s+)?.*%/i.test(text.slice(0, start)))
    return { refused: 'where its value would be read a second time, as a command' }
  if (isQuoted) return 'double'
  const [before, after] = [text[start - 1], text[end]]
  if (before === '\\') return { refused: 'directly behind a backslash; put the whole word in double quotes' }
  if (before === '"' || after === '"') return { refused: 'beside a quote; put the whole word in double quotes' }
  if (after === '<' || after === '>') return { refused: 'directly before a redirection; leave a blank between' }
  if (readBefore(text, text.length, placeholders).hasPipe)
    return { refused: 'in a pipe, which cmd reads a second time; put it in double quotes' }
  return 'bare'
}

/**
 * The line to run. A bare value becomes one argument, escaped for cmd.exe and quoted for the program; inside of double
 * quotes it stays as it is, and what could end them is refused.
 *
 * @throws ExpressionError when a name has no value, or none yet, or it is one that cmd.exe cannot be handed
 */
export const renderCmd = ({ text, places }: CmdTemplate, lookup: Lookup): string =>
  replacePlaces(text, places, (place) => {
    const value = settled(evaluate(place, lookup))
    return place.isRaw ? value : literalIn(value, place)
  })

export const showCmd = ({ text, places }: CmdTemplate, lookup: Lookup): string =>
  replacePlaces(text, places, (place) => {
    const evaluated = evaluate(place, lookup)
    if ('later' in evaluated) return `‹${evaluated.later}›`
    if (evaluated.isSecret) return mask
    return place.isRaw ? evaluated.value : literalIn(evaluated.value, place)
  })

export const secretsInCmd = ({ places }: CmdTemplate, lookup: Lookup): string[] =>
  places.flatMap((place) => {
    const evaluated = evaluate(place, lookup)
    if (!('value' in evaluated) || !evaluated.isSecret) return []
    return [...new Set([evaluated.value, literalIn(evaluated.value, place)])]
  })

/** Secret values stand on the command line of cmd.exe, which others on the machine may read. */
export const cmdWarnings = ({ places }: CmdTemplate, isSecret: (expression: Placeholder) => boolean): string[] => {
  const secret = places.find(isSecret)
  return secret === undefined
    ? []
    : [
        `{{ ${secret.source} }} is secret, and a command of cmd can be read by others on the machine while it runs; use PowerShell.`,
      ]
}

const literalIn = (value: string, { context, source }: CmdPlace): string => {
  const refuse = (what: string): never => {
    throw new ExpressionError(`{{ ${source} }} holds ${what}, which cmd cannot be handed there; use PowerShell`)
  }
  if (/[\r\n]/.test(value)) return refuse('a line break')
  if (context === 'bare') return quoteForCmd(value)
  if (/["%]/.test(value)) return refuse('a quote or a percent sign')
  if (value.endsWith('\\')) return refuse('a backslash at its end')
  return value
}
