import type { Placeholder } from './placeholders.ts'

/** In which quotes of PowerShell a place stands. */
export type PowerShellContext = 'bare' | 'double' | 'single' | 'here-double' | 'here-single' | 'comment'
export type Refused = { refused: string }

const isSingle = (character: string | undefined) => character !== undefined && /['\u2018-\u201b]/.test(character)
const isDouble = (character: string | undefined) => character !== undefined && /["\u201c-\u201e]/.test(character)

/** What is being read; `closer` ends a piece of code inside of something else. */
type Mode =
  | { kind: 'code'; closer: ')' | '}' | null; statementAt: number }
  | { kind: 'double' }
  | { kind: 'here-double' }

const beforeBare = /^[\s(,;={|&![\]<>+*/]$/
const afterBare = /^[\s),;}|\]&=<>+*/-]$/

/**
 * The context of each placeholder in a text of PowerShell (5.1 and 7), or why none can stand there. A value is handed over
 * as a variable: it stands alone as a word or an operand, or inside of quotes.
 *
 * about_Parsing, about_Quoting_Rules, about_Special_Characters
 */
export const powerShellContexts = (
  text: string,
  placeholders: readonly Placeholder[],
): (PowerShellContext | Refused)[] => {
  const startsAt = new Map(placeholders.map((placeholder, index) => [placeholder.start, index]))
  const found: (PowerShellContext | Refused)[] = placeholders.map(() => ({ refused: 'where it cannot be understood' }))
  const modes: Mode[] = [{ kind: 'code', closer: null, statementAt: 0 }]
  let at = 0

  /** What stands before this offset in the statement around it, and in those around that. */
  const statements = (): string[] =>
    modes.flatMap((mode) => (mode.kind === 'code' ? [text.slice(mode.statementAt, at)] : []))
  /** Steps over a placeholder at this offset, if there is one. */
  const place = (context: () => PowerShellContext | Refused): boolean => {
    const index = startsAt.get(at)
    const placeholder = index === undefined ? undefined : placeholders[index]
    if (index === undefined || placeholder === undefined) return false
    const own = context()
    const code = typeof own === 'string' && own !== 'comment' ? codeAt(statements(), text.slice(placeholder.end)) : null
    found[index] = code ?? own
    at = placeholder.end
    return true
  }
  /** Reads up to the end that `isEnd` finds, which steps over it. */
  const until = (isEnd: () => boolean, context: () => PowerShellContext | Refused) => {
    while (at < text.length) {
      if (place(context)) continue
      if (isEnd()) return
      at++
    }
  }
  const skipped = (length: number): true => {
    at += length
    return true
  }

  const single = () =>
    until(
      () => {
        if (!isSingle(text[at])) return false
        if (isSingle(text[at + 1])) return !skipped(1)
        return skipped(1)
      },
      () => 'single',
    )
  const hereSingle = () =>
    until(
      () => isHereEnd(text, at, isSingle) && skipped(hereEndLength),
      () => 'here-single',
    )
  const comment = (end: '\n' | '#>') =>
    until(
      () => text.startsWith(end, at) && skipped(end.length),
      () => 'comment',
    )
  const bracedName = () =>
    until(
      () => text[at] === '}' && skipped(1),
      () => ({ refused: 'in the name of a variable' }),
    )
  const unparsed = () =>
    until(
      () => text[at] === '\n',
      () => ({ refused: 'behind --%, where PowerShell reads no variables' }),
    )
  /** What may stand in a string that is not literal. @returns false when it is no such thing */
  const expandable = (): boolean => {
    if (text[at] === '`') return startsAt.has(at + 1) ? false : skipped(2)
    if (text.startsWith('$(', at)) {
      at += 2
      modes.push({ kind: 'code', closer: ')', statementAt: at })
      return true
    }
    if (text.startsWith('${', at) && !startsAt.has(at + 1)) {
      at += 2
      bracedName()
      return true
    }
    return false
  }
  const inString = (context: 'double' | 'here-double'): PowerShellContext | Refused => {
    const before = text.slice(Math.max(0, at - 200), at)
    if (before.endsWith('`')) return { refused: 'directly behind a backtick' }
    if (/\$(?:[\w?]*:)?$/.test(before)) return { refused: 'where it would be part of the name of a variable' }
    return context
  }

  while (at < text.length) {
    const mode = modes.at(-1)
    if (mode === undefined) break
    if (mode.kind === 'double') {
      if (place(() => inString('double')) || expandable()) continue
      if (isDouble(text[at]) && isDouble(text[at + 1]) && !startsAt.has(at + 1)) at += 2
      else if (isDouble(text[at++])) modes.pop()
      continue
    }
    if (mode.kind === 'here-double') {
      if (place(() => inString('here-double')) || expandable()) continue
      if (isHereEnd(text, at, isDouble)) {
        at += hereEndLength
        modes.pop()
      } else at++
      continue
    }
    if (place(() => bareContext(text, at, placeholders))) continue
    const character = text[at] ?? ''
    const isWordBegin = at === 0 || /[\s;{}()|&,]/.test(text[at - 1] ?? '')
    const here = /^@(['"\u2018-\u201b\u201c-\u201e])[ \t]*\r?\n/.exec(text.slice(at, at + 200))
    if (here !== null) {
      at += here[0].length - 1 // its line break may be that of the end
      if (isSingle(here[1])) hereSingle()
      else modes.push({ kind: 'here-double' })
    } else if (text.startsWith('<#', at)) {
      at += 2
      comment('#>')
    } else if (character === '#' && isWordBegin) comment('\n')
    else if (character === '`') at += startsAt.has(at + 1) ? 1 : 2
    else if (isWordBegin && /^--%(?=\s|$)/.test(text.slice(at, at + 4))) unparsed()
    else if (isSingle(character)) {
      at++
      single()
    } else if (isDouble(character)) {
      at++
      modes.push({ kind: 'double' })
    } else if (text.startsWith('${', at) && !startsAt.has(at + 1)) {
      at += 2
      bracedName()
    } else if (character === '(' || character === '{') {
      at++
      modes.push({ kind: 'code', closer: character === '(' ? ')' : '}', statementAt: at })
    } else if (character === mode.closer) {
      at++
      modes.pop()
    } else {
      at++
      if (character === ';' || character === '\n') mode.statementAt = at
    }
  }
  return found
}

const isHereEnd = (text: string, at: number, isQuote: (character: string | undefined) => boolean): boolean => {
  if (text[at] !== '\n') return false
  return isQuote(text[at + 1]) && text[at + 2] === '@'
}
/** A line break, the quote and the at sign. */
const hereEndLength = 3

const bareContext = (text: string, at: number, placeholders: readonly Placeholder[]): PowerShellContext | Refused => {
  const end = placeholders.find(({ start }) => start === at)?.end ?? at
  const before = text[at - 1]
  const after = text[end]
  const word = /\S*$/.exec(text.slice(Math.max(0, at - 200), at))?.[0] ?? ''
  const isNamed = /^-[A-Za-z]\w*:$/.test(word)
  if (before === '`') return { refused: 'directly behind a backtick' }
  if (before !== undefined && !isNamed && (!beforeBare.test(before) || /^-.*=$/.test(word)))
    return { refused: partOfWord }
  if (after !== undefined && !afterBare.test(after)) return { refused: partOfWord }
  return 'bare'
}

const partOfWord = 'as a part of a word; put the whole word in double quotes'

/** First words whose arguments are read as code, and calls that do so. */
const readsCode =
  /^\s*(?:[\w$]+\s*=\s*)?[&.]?\s*(?:start-process\s+(?:-filepath\s+)?)?["']?(?:[\w:.\\/]*[\\/])?(?:iex|invoke-expression|add-type|cmd|powershell|powershell_ise|pwsh|wsl|bash|sh|cscript|wscript|mshta)(?:\.exe)?["']?(?:\s|$)|\[(?:system\.management\.automation\.)?scriptblock\]::create\(|\.(?:invokescript|newscriptblock|expandstring|addscript)\(/i
const isPipedToCode = /^[^\n;]*\|\s*(?:iex|invoke-expression|powershell|pwsh|cmd)(?:\.exe)?\b/i
const pipedCode = /\|\s*(?:iex|invoke-expression)(?:\s|$)/i

const codeAt = (before: readonly string[], after: string): Refused | null =>
  before.some((text) => text.split('|').some((part) => readsCode.test(part)) || pipedCode.test(text)) ||
  isPipedToCode.test(after)
    ? { refused: 'where its value would be read as code' }
    : null
