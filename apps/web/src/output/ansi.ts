import Anser from 'anser'
import { type Paint, paintOf, parseColour } from './colours.ts'
import { splitEscapes } from './printable.ts'

export type Span = {
  text: string
  paint?: Paint
  isBold: boolean
  isItalic: boolean
  isUnderlined: boolean
  isStruck: boolean
  isReversed: boolean
  /** Written-out control characters rather than text. */
  isEscape: boolean
}

/** A line with ANSI colours (ECMA-48 SGR, 16, 256 and 24 bit) as pieces of text that look alike. */
export const spansOf = (text: string): Span[] => {
  // the greater part of all lines has no colour at all
  const pieces = text.includes('\u001B') ? Anser.ansiToJson(text, { json: true, remove_empty: true }) : [plain(text)]
  return pieces.flatMap(({ content, fg, bg, decorations }) => {
    const foreground = fg ? parseColour(fg) : undefined
    const background = bg ? parseColour(bg) : undefined
    const paint = paintOf(foreground, background)
    const look = {
      ...(paint ? { paint } : {}),
      isBold: decorations.includes('bold'),
      isItalic: decorations.includes('italic') || decorations.includes('dim'),
      isUnderlined: decorations.includes('underline'),
      isStruck: decorations.includes('strikethrough'),
      // with colours of its own anser has exchanged them already
      isReversed: decorations.includes('reverse') && !paint,
    }
    return splitEscapes(content).map((part) => ({ ...look, ...part }))
  })
}

const plain = (content: string) => ({ content, fg: '', bg: '', decorations: [] as Anser.DecorationName[] })
