import { commandsOf, plainWord, programOf, type ShCommand, type ShWord } from './sh-commands.ts'
import { computingAt } from './sh-computing.ts'
import { contextsOf, type Refused, type ShContext } from './sh-contexts.ts'

/** A place in a script that is handed to a second shell: in which quotes of the first, and where in the second. */
export type Nested = { outer: 'single' | 'double'; context: ShContext; isNumber: boolean }

type Place = { start: number; end: number }

const posixShell = /^(?:sh|bash|rbash|dash|ash|ksh|ksh88|ksh93|mksh|oksh|pdksh|lksh|yash|zsh|posh)$/
const otherShell = /^(?:csh|tcsh|fish|xonsh|elvish|nu)$/
const shellVariable = /^\$\{?(?:SHELL|BASH)\}?$/
const isShell = (word: ShWord | undefined) =>
  posixShell.test(programOf(word)) || otherShell.test(programOf(word)) || shellVariable.test(plainWord(word))

/** What stands in front of a shell and hands the environment on to it. */
const handsOn = /^(?:exec|command|nohup|setsid|busybox)$/

/** Placeholders as one plain word each, so that what is in them is not taken for shell. */
export const withoutPlaces = (script: string, places: readonly Place[]): string => {
  let text = ''
  let from = 0
  for (const { start, end } of places) {
    text += script.slice(from, start) + 'x'.repeat(end - start)
    from = end
  }
  return text + script.slice(from)
}

/**
 * Where a value would be read by a second shell as a part of its script (`sh -c "…"`, `eval`, a here-document that a
 * shell runs), for each place: how it can stay a value there, or why it cannot; null where there is no second shell.
 */
export const nestingsOf = (script: string, places: readonly Place[]): (Nested | Refused | null)[] => {
  const text = withoutPlaces(script, places)
  const commands = commandsOf(text)
  return places.map((place) => nestingOf(text, commands, places, place))
}

const holds = ({ start, end }: Place, place: Place) => start <= place.start && place.end <= end

const nestingOf = (
  text: string,
  commands: readonly ShCommand[],
  places: readonly Place[],
  place: Place,
): Nested | Refused | null => {
  let nesting: Nested | Refused | null = null
  for (const command of commands) {
    const index = command.words.findIndex((word) => holds(word, place))
    const isRead =
      command.hereDocuments.some((range) => holds(range, place)) ||
      command.redirections.some((range) => range.operator === '<<<' && holds(range, place))
    if (isRead && readsScript(command)) return { refused: 'in a text that a shell reads and would run' }
    // what other programs write is theirs: `curl {{ url }} | sh` is what it says
    if (isRead || (index !== -1 && /^(?:echo|printf|print)$/.test(programOf(command.words[0])))) {
      const behind = commands.filter(({ pipeline }) => pipeline === command.pipeline)
      if (behind.slice(behind.indexOf(command) + 1).some(readsScript))
        return { refused: 'in front of a pipe into a shell, which would run what the value holds' }
    }
    if (index !== -1) nesting ??= inWord(text, command.words, index, places, place)
  }
  return nesting
}

/** A shell without a script of its own runs what it reads. */
const readsScript = ({ words }: ShCommand): boolean => {
  const at = words.findIndex(isShell)
  if (at === -1 || !words.slice(0, at).every((word) => /^-|=/.test(word.text) || wrapper.test(programOf(word))))
    return false
  const rest = words.slice(at + 1)
  return rest.every((word) => /^[-+]/.test(word.text))
    ? !rest.some(isScriptOption)
    : rest.some(({ text }) => text === '-s')
}

const wrapper = /^(?:exec|command|nohup|setsid|busybox|sudo|doas|env|time|timeout|nice|ionice|stdbuf|xargs|\d\w*)$/

const isScriptOption = ({ text }: ShWord) => /^-[A-Za-z]*c[A-Za-z]*$/.test(text)

const inWord = (
  text: string,
  words: readonly ShWord[],
  index: number,
  places: readonly Place[],
  place: Place,
): Nested | Refused | null => {
  const first = /^(?:command|builtin)$/.test(programOf(words[0])) ? 1 : 0
  const program = programOf(words[first])
  if (program === 'eval' && index > first) return { refused: 'behind "eval", which would run what the value holds' }
  if (program === 'trap' && index === first + 1)
    return { refused: 'in the script of "trap", which would run what it holds' }
  const option = words.findIndex((word, at) => at < index && isScriptOption(word))
  if (option === -1 || option + 1 !== index) return null
  const shell = words.findIndex((word, at) => at < option && isShell(word))
  if (shell === -1) {
    return words.slice(0, option).some((word) => /^(?:su|runuser|script)$/.test(programOf(word)))
      ? { refused: `in a script of "${programOf(words[0])} -c"; ${instead}` }
      : null
  }
  const name = `${programOf(words[shell])} -c`
  if (!words.slice(0, shell).every((word) => handsOn.test(programOf(word))))
    return { refused: `in a script of "${name}" behind "${programOf(words[0])}"; ${instead}` }
  if (otherShell.test(programOf(words[shell])))
    return { refused: `in a script of "${name}", whose quotes are not known` }
  const word = words[index]
  return word === undefined ? null : inScript(text, word, name, places, place)
}

const instead = `hand it over as an argument: sh -c '… "$1" …' sh {{ name }}`

/** The script of a second shell, as that one will read it, with the places in it. */
const inScript = (
  text: string,
  word: ShWord,
  name: string,
  places: readonly Place[],
  place: Place,
): Nested | Refused => {
  const quote = word.text[0]
  const unquoted: Refused = { refused: `in a script of "${name}" that is not in one pair of quotes as a whole` }
  if ((quote !== '"' && quote !== "'") || word.text.length < 2) return unquoted
  let script = ''
  const inner: Place[] = []
  let wanted = -1
  for (let at = word.start + 1; at < word.end - 1; at += 1) {
    const within = places.find(({ start }) => start === at)
    if (within !== undefined) {
      if (within === place) wanted = inner.length
      inner.push({ start: script.length, end: script.length + within.end - within.start })
      script += text.slice(within.start, within.end)
      at = within.end - 1
      continue
    }
    const char = text[at] ?? ''
    if (char === quote) return unquoted
    if (quote === '"' && (char === '$' || char === '`'))
      return { refused: `in a script of "${name}" that the first shell changes; write it in single quotes` }
    if (quote === '"' && char === '\\' && /["$`\\\n]/.test(text[at + 1] ?? '')) {
      at += 1
      if (text[at] !== '\n') script += text[at]
    } else script += char
  }
  if (text[word.end - 1] !== quote) return unquoted
  if (nestingsOf(script, inner)[wanted] !== null) return { refused: `in a script within a script of "${name}"` }
  const context = contextsOf(script, inner)[wanted] ?? { refused: 'where it cannot be understood' }
  const computing = computingAt(commandsOf(script), inner[wanted] ?? place)
  if (typeof context !== 'string') return context
  if (computing !== null && computing !== 'number') return computing
  return { outer: quote === '"' ? 'double' : 'single', context, isNumber: computing === 'number' }
}
