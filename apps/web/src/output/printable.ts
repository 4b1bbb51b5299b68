/** Characters of a line that are drawn without asking; the rest waits for "show all" or is downloaded. */
export const clipLength = 2000
/** More than this in one row would stop the browser: such a line is only offered for download. */
export const showableLength = 200_000

const escape = '\u001B'
const bell = '\u0007'
/** OSC (links, titles: ESC ] … BEL or ST), ECMA-48 §5.6. */
const operatingSystemCommands = new RegExp(`${escape}\\][^${bell}${escape}]*(?:${bell}|${escape}\\\\|$)`, 'g')
/** Cursor movements and such, §5.3 and §5.4. Colours (ESC [ … m) stay: anser reads them. */
const otherSequences = new RegExp(
  `${escape}\\[[0-9;?<=>]*[ -/]*[@-ln-~]|${escape}[()*+][0-9A-Za-z]|${escape}[=>78cDEHMNOZ]`,
  'g',
)
const colourSequences = new RegExp(`${escape}\\[[0-9;:]*m`, 'g')

/** Controls but the tab, what changes the direction of reading, lone surrogates and the replacement character. */
const unprintable = /(?!\t)\p{Cc}|[\u202A-\u202E\u2066-\u2069\uFEFF\uFFFD]|\p{Cs}/gu

export type Shown = {
  /** Text with colours still in it, safe to draw. */
  text: string
  /** Length of the whole line in characters. */
  length: number
  isClipped: boolean
  /** How many times the line was written over by a carriage return (progress bars). */
  overwrites: number
}

/**
 * What is drawn of a line: the state a terminal would show after its carriage returns, without sequences that are not
 * colours, clipped. `isWhole` shows everything instead, carriage returns as `␍`.
 */
export const shownOf = (text: string, isWhole: boolean): Shown => {
  const line = text.endsWith('\r') ? text.slice(0, -1) : text
  const limit = isWhole ? showableLength : clipLength
  const written = isWhole ? line.replaceAll('\r', '␍') : afterCarriageReturns(line)
  const clipped = clip(written, limit)
  return {
    text: clipped.replace(operatingSystemCommands, '').replace(otherSequences, ''),
    length: line.length,
    isClipped: clipped.length < written.length,
    overwrites: isWhole ? 0 : line.split('\r').length - 1,
  }
}

/** A text cut where control characters begin and end, these written as escapes: `\x00`, `\u202e`. */
export const splitEscapes = (text: string): { text: string; isEscape: boolean }[] => {
  const parts: { text: string; isEscape: boolean }[] = []
  let end = 0
  for (const match of text.matchAll(unprintable)) {
    if (match.index > end) parts.push({ text: text.slice(end, match.index), isEscape: false })
    const last = parts.at(-1)
    if (last?.isEscape && match.index === end) last.text += escapeOf(match[0])
    else parts.push({ text: escapeOf(match[0]), isEscape: true })
    end = match.index + match[0].length
  }
  if (end < text.length) parts.push({ text: text.slice(end), isEscape: false })
  return parts
}

/** The line without colours and other sequences: for copying, searching and reading aloud. */
export const plainOf = (text: string) =>
  text.replace(operatingSystemCommands, '').replace(otherSequences, '').replace(colourSequences, '')

const escapeOf = (character: string) => {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`
}

/** The last writing that is not empty, over what a longer one before it left standing. */
const afterCarriageReturns = (line: string) => {
  if (!line.includes('\r')) return line
  let standing = ''
  for (const writing of line.split('\r')) {
    if (writing !== '')
      standing = writing.length >= standing.length ? writing : writing + standing.slice(writing.length)
  }
  return standing
}

const clip = (text: string, limit: number) => {
  if (text.length <= limit) return text
  const last = text.charCodeAt(limit - 1)
  // never between the halves of a surrogate pair
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? limit - 1 : limit)
}
