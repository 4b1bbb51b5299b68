import { WinrmError } from '../errors.ts'

const FORBIDDEN = /[^\t\n\r\u{20}-\u{d7ff}\u{e000}-\u{fffd}\u{10000}-\u{10ffff}]/u

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\t': '&#9;',
  '\n': '&#10;',
  '\r': '&#13;',
}

/**
 * Text as it may stand in XML, between tags and in attributes.
 * @throws WinrmError for characters XML 1.0 cannot hold: a changed command would be worse than a refused one
 */
export const xmlText = (text: string): string => {
  const forbidden = FORBIDDEN.exec(text)
  if (forbidden !== null) {
    const code = text.codePointAt(forbidden.index)!.toString(16).toUpperCase().padStart(4, '0')
    throw new WinrmError(`The character U+${code} cannot be sent in a request.`)
  }
  return text.replaceAll(/[&<>"\t\n\r]/g, (character) => ESCAPES[character]!)
}
