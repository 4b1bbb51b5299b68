/**
 * Where in a POSIX shell script each placeholder stands, as far as quoting is concerned (POSIX.1-2024, Shell Command
 * Language 2.2 Quoting and 2.7.4 Here-Document). It follows quotes, command substitutions and here-documents; it is not
 * a parser of the language, and where it cannot be sure that a value would stay a value it refuses.
 */
export type ShContext = 'bare' | 'double' | 'single' | 'heredoc'
export type Refused = { refused: string }

type Frame =
  | { kind: 'command'; end: '' | ')' }
  | { kind: 'double' }
  | { kind: 'braces' } // ${ … }
  | { kind: 'arithmetic' } // $(( … ))
  | { kind: 'backticks' }

type HereDocument = { delimiter: string; isQuoted: boolean; stripsTabs: boolean }

/**
 * @param offsets where placeholders start, ascending, with their ends
 * @returns for each the context, or why no value may stand there
 */
export const contextsOf = (
  script: string,
  offsets: readonly { start: number; end: number }[],
): (ShContext | Refused)[] => {
  const found: (ShContext | Refused)[] = []
  const frames: Frame[] = [{ kind: 'command', end: '' }]
  const waiting: HereDocument[] = []
  let at = 0
  let isWordStart = true

  const top = () => frames.at(-1) ?? { kind: 'command', end: '' as const }
  /** A placeholder that starts here is noted with the context, and passed over. */
  const takePlaceholder = (context: () => ShContext | Refused): boolean => {
    const next = offsets[found.length]
    if (next === undefined || next.start !== at) return false
    found.push(context())
    at = next.end
    return true
  }

  const readHereDocuments = () => {
    for (const { delimiter, isQuoted, stripsTabs } of waiting.splice(0)) {
      while (at < script.length) {
        const end = script.indexOf('\n', at)
        const line = script.slice(at, end === -1 ? script.length : end)
        if ((stripsTabs ? line.replace(/^\t+/, '') : line) === delimiter) {
          at = end === -1 ? script.length : end + 1
          break
        }
        const lineEnd = end === -1 ? script.length : end + 1
        while (at < lineEnd) {
          if (
            takePlaceholder(() =>
              isQuoted ? { refused: 'inside a quoted here-document, where nothing is replaced' } : hereContext(line),
            )
          )
            continue
          at += 1
        }
      }
    }
  }

  while (at < script.length) {
    const frame = top()
    if (takePlaceholder(() => contextIn(frames))) {
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
      if (char === '"' && frame.kind === 'double') frames.pop()
      else if (char === '"' && frame.kind === 'braces') frames.push({ kind: 'double' })
      else if (char === '}' && frame.kind === 'braces') frames.pop()
      else if (char === ')' && next === ')' && frame.kind === 'arithmetic') {
        frames.pop()
        at += 1
      } else at += openExpansion(script, at, frames)
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
    if (char === '<' && next === '<' && script[at + 2] !== '<') {
      const heredoc = readHereOperator(script, at)
      if (heredoc !== null) {
        waiting.push(heredoc)
        at = heredoc.end
        isWordStart = false
        continue
      }
    }
    if (char === '\n') {
      at += 1
      isWordStart = true
      readHereDocuments()
      continue
    }
    if (char === '(') frames.push({ kind: 'command', end: ')' })
    else if (char === ')' && frame.kind === 'command' && frame.end === ')') frames.pop()
    else at += openExpansion(script, at, frames)
    isWordStart = /[\s;&|()]/.test(char)
    at += 1
  }
  while (found.length < offsets.length) found.push({ refused: 'where the script has already ended' })
  return found
}

/** Opens `$(`, `$((` or `${`. @returns how many characters beyond the first belong to it */
const openExpansion = (script: string, at: number, frames: Frame[]): number => {
  if (script.startsWith('$((', at)) {
    frames.push({ kind: 'arithmetic' })
    return 2
  }
  if (script.startsWith('$(', at)) {
    frames.push({ kind: 'command', end: ')' })
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

const contextIn = (frames: readonly Frame[]): ShContext | Refused => {
  for (const { kind } of frames) {
    if (kind === 'backticks') return { refused: 'inside backticks; write $( … ) instead' }
    if (kind === 'braces') return { refused: 'inside ${ … }' }
    if (kind === 'arithmetic') return { refused: 'inside arithmetic; put it into a variable first' }
  }
  return frames.at(-1)?.kind === 'double' ? 'double' : 'bare'
}

/** In a line of an unquoted here-document a value is replaced, except where the line itself computes. */
const hereContext = (line: string): ShContext | Refused =>
  /`|\$\(\(|\$\{/.test(line) ? { refused: 'in a here-document line that also computes' } : 'heredoc'

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

const readHereOperator = (script: string, at: number): (HereDocument & { end: number }) | null => {
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
