/**
 * Where in a POSIX shell script each placeholder stands, as far as quoting is concerned (POSIX.1-2024, Shell Command
 * Language 2.2 Quoting and 2.7.4 Here-Document). It follows quotes, command substitutions and here-documents; it is not
 * a parser of the language, and where it cannot be sure that a value would stay a value it refuses.
 */
export type ShContext = 'bare' | 'double' | 'single' | 'heredoc'
export type Refused = { refused: string }

type Frame =
  | { kind: 'command'; end: '' | ')'; isSubstitution: boolean; hasCase: boolean }
  | { kind: 'test' } // [[ … ]]
  | { kind: 'double' }
  | { kind: 'braces' } // ${ … }
  | { kind: 'arithmetic'; depth: number; end: ')' | ']' } // $(( … )), (( … )), $[ … ]
  | { kind: 'backticks' }

export type HereDocument = { delimiter: string; isQuoted: boolean; stripsTabs: boolean }

/**
 * @param offsets where placeholders start, ascending, with their ends
 * @returns for each the context, or why no value may stand there
 */
export const contextsOf = (
  script: string,
  offsets: readonly { start: number; end: number }[],
): (ShContext | Refused)[] => {
  const found: (ShContext | Refused)[] = []
  const frames: Frame[] = [newCommand('')]
  const waiting: HereDocument[] = []
  let at = 0
  let isWordStart = true

  /** A here-document was begun that cannot be read: what follows may be its text or not. */
  let isLost = false

  const top = (): Frame => frames.at(-1) ?? newCommand('')
  /** A placeholder that starts here is noted with the context, and passed over. */
  const takePlaceholder = (context: () => ShContext | Refused): boolean => {
    const next = offsets[found.length]
    if (next === undefined || next.start !== at) return false
    found.push(isLost ? { refused: 'behind a here-document whose delimiter cannot be read' } : context())
    at = next.end
    return true
  }

  const readHereDocuments = () => {
    for (const { delimiter, isQuoted, stripsTabs } of waiting.splice(0)) {
      const { end, next } = findHereEnd(script, at, delimiter, stripsTabs)
      const context = isQuoted
        ? { refused: 'inside a quoted here-document, where nothing is replaced' }
        : hereContext(script.slice(at, end))
      while (at < end) if (!takePlaceholder(() => context)) at += 1
      at = next
    }
  }

  while (at < script.length) {
    const frame = top()
    if (takePlaceholder(() => contextIn(frames, script.slice(0, at)))) {
      isWordStart = false
      continue
    }
    const char = script[at] ?? ''
    const next = script[at + 1] ?? ''

    if (char === '\\' && frame.kind !== 'arithmetic') {
      const escaped = offsets[found.length]
      if (escaped !== undefined && escaped.start === at + 1) {
        at += 1
        found.push({ refused: 'right behind a backslash' })
        at = escaped.end
      } else at += 2
      isWordStart = false
      continue
    }
    if (frame.kind === 'double' || frame.kind === 'braces' || frame.kind === 'arithmetic') {
      if (char === '"' && frame.kind === 'double') {
        frames.pop()
        isWordStart = false
      } else if (char === '"' && frame.kind === 'braces') frames.push({ kind: 'double' })
      else if (char === '}' && frame.kind === 'braces') frames.pop()
      else if (frame.kind === 'arithmetic' && (char === '(' || char === ')' || char === ']'))
        at += inArithmetic(frame, char, next, frames)
      else {
        at += openExpansion(script, at, frames)
        isWordStart = true
      }
      at += 1
      continue
    }
    if (char === '`') {
      if (frame.kind === 'backticks') frames.pop()
      else frames.push({ kind: 'backticks' })
      at += 1
      isWordStart = true
      continue
    }
    if (char === "'") {
      const isAnsi = script[at - 1] === '$'
      at = readSingle(
        script,
        at,
        isAnsi,
        (context) => takePlaceholder(() => context),
        () => at,
        (to) => (at = to),
      )
      isWordStart = false
      continue
    }
    if (char === '"') {
      frames.push({ kind: 'double' })
      at += 1
      isWordStart = false
      continue
    }
    if (char === '#' && isWordStart) {
      // a comment: whatever stands there is never run, and a value is not pasted as text
      while (at < script.length && script[at] !== '\n') if (!takePlaceholder(() => 'bare')) at += 1
      continue
    }
    if (script.startsWith('<<<', at)) {
      // a here-string of bash, ksh and zsh: a word like any other follows
      at += 3
      isWordStart = true
      continue
    }
    if (char === '<' && next === '<') {
      const heredoc = readHereOperator(script, at)
      if (heredoc !== null) {
        waiting.push(heredoc)
        at = heredoc.end
        isWordStart = false
        continue
      }
      isLost = true
    }
    if (char === '\n') {
      at += 1
      isWordStart = true
      readHereDocuments()
      continue
    }
    if (isWordStart && frame.kind === 'command' && /^case\s/.test(script.slice(at, at + 5))) frame.hasCase = true
    let endsWord = /[\s;&|()]/.test(char)
    if (char === '(' && next === '(') {
      frames.push({ kind: 'arithmetic', depth: 0, end: ')' })
      at += 1
    } else if (char === '(') frames.push(newCommand(')'))
    else if (char === ')' && frame.kind === 'command' && frame.end === ')' && !frame.hasCase) {
      frames.pop()
      endsWord = !frame.isSubstitution
    } else if (isWordStart && /^\[\[\s/.test(script.slice(at, at + 3))) {
      frames.push({ kind: 'test' })
      at += 1
    } else if (char === ']' && next === ']' && frame.kind === 'test') {
      frames.pop()
      at += 1
    } else {
      const depth = frames.length
      at += openExpansion(script, at, frames)
      if (frames.length > depth) endsWord = true // a new command begins
    }
    isWordStart = endsWord
    at += 1
  }
  while (found.length < offsets.length) found.push({ refused: 'where the script has already ended' })
  return found
}

const newCommand = (end: '' | ')', isSubstitution = false): Frame => ({
  kind: 'command',
  end,
  isSubstitution,
  hasCase: false,
})

/** Parentheses within arithmetic; `))` ends it only where none is open. @returns how many characters more belong to the end */
const inArithmetic = (
  frame: Extract<Frame, { kind: 'arithmetic' }>,
  char: string,
  next: string,
  frames: Frame[],
): number => {
  if (char === '(') frame.depth += 1
  else if (char === ')' && frame.depth > 0) frame.depth -= 1
  else if (frame.end === ']' && char === ']') frames.pop()
  else if (frame.end === ')' && char === ')' && next === ')') {
    frames.pop()
    return 1
  }
  return 0
}

/** Where the text of a here-document ends, and what follows its delimiter. */
export const findHereEnd = (script: string, from: number, delimiter: string, stripsTabs: boolean) => {
  for (let start = from; start < script.length;) {
    const lineEnd = script.indexOf('\n', start)
    const line = script.slice(start, lineEnd === -1 ? script.length : lineEnd)
    const next = lineEnd === -1 ? script.length : lineEnd + 1
    if ((stripsTabs ? line.replace(/^\t+/, '') : line) === delimiter) return { end: start, next }
    start = next
  }
  return { end: script.length, next: script.length }
}

/** Opens `$(`, `$((`, `$[` or `${`. @returns how many characters beyond the first belong to it */
const openExpansion = (script: string, at: number, frames: Frame[]): number => {
  if (script.startsWith('$((', at)) {
    frames.push({ kind: 'arithmetic', depth: 0, end: ')' })
    return 2
  }
  if (script.startsWith('$(', at)) {
    frames.push(newCommand(')', true))
    return 1
  }
  if (script.startsWith('$[', at)) {
    frames.push({ kind: 'arithmetic', depth: 0, end: ']' })
    return 1
  }
  if (script.startsWith('${', at)) {
    frames.push({ kind: 'braces' })
    return 1
  }
  if (script[at] === '`') {
    const isInside = frames.some((frame) => frame.kind === 'backticks')
    if (!isInside) frames.push({ kind: 'backticks' })
  }
  return 0
}

const contextIn = (frames: readonly Frame[], before: string): ShContext | Refused => {
  for (const frame of frames) {
    if (frame.kind === 'backticks') return { refused: 'inside backticks; write $( … ) instead' }
    if (frame.kind === 'braces') return { refused: 'inside ${ … }' }
    if (frame.kind === 'arithmetic') return { refused: 'inside arithmetic, where bash would run what a value holds' }
    if (frame.kind === 'test')
      return { refused: 'inside [[ … ]], where bash may compute with a value; use [ … ] instead' }
    if (frame.kind === 'command' && frame.end === ')' && frame.hasCase)
      return { refused: 'behind a "case" within $( … ) or ( … )' }
  }
  const line = before.slice(before.lastIndexOf('\n') + 1)
  // patterns look at the whole line for every value in it
  if (line.length > 10_000) return { refused: 'more than 10,000 characters into its line' }
  if (/(^|[\s;&|(])let\s[^;&|]*$/.test(line)) return { refused: 'behind "let", which computes with it' }
  if (/\w\[[^\]\s]*$/.test(line)) return { refused: 'inside the index of an array, which is computed' }
  return frames.at(-1)?.kind === 'double' ? 'double' : 'bare'
}

/** In an unquoted here-document a value is replaced, except where its text itself computes or runs something. */
const hereContext = (body: string): ShContext | Refused =>
  /`|\$\(|\$\{|\$\[/.test(body) ? { refused: 'in a here-document that also computes or runs commands' } : 'heredoc'

/** Reads `'…'` from its first quote to behind its last one. */
const readSingle = (
  script: string,
  from: number,
  isAnsi: boolean,
  take: (context: ShContext | Refused) => boolean,
  position: () => number,
  move: (to: number) => void,
): number => {
  move(from + 1)
  while (position() < script.length && script[position()] !== "'") {
    if (take(isAnsi ? { refused: "inside $'…'" } : 'single')) continue
    move(position() + (isAnsi && script[position()] === '\\' ? 2 : 1))
  }
  return position() + 1
}

/** Reads `<<` and the word behind it; null where that word cannot be read. */
export const readHereOperator = (script: string, at: number): (HereDocument & { end: number }) | null => {
  const match = /^<<(-?)[ \t]*((?:'[^'\n]*'|"[^"\n]*"|\\.|[^\s;&|<>()'"\\])+)/.exec(script.slice(at, at + 300))
  const word = match?.[2]
  if (match === null || word === undefined) return null
  return {
    stripsTabs: match[1] === '-',
    isQuoted: /['"\\]/.test(word),
    delimiter: word.replace(/['"\\]/g, ''),
    end: at + match[0].length,
  }
}
