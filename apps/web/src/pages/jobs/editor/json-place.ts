/**
 * Where a JSON text (RFC 8259) stops being one, as an offset, or -1 where it is fine. Browsers say it in words that
 * differ, and not always.
 */
export const brokenAt = (text: string): number => {
  let at = 0

  /** Takes what matches from here on; false, without moving, where nothing does. */
  const take = (pattern: RegExp) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (found === null) return false
    at += found[0].length
    return true
  }
  const space = () => take(whitespace)

  const members = (close: RegExp, member: () => boolean): boolean => {
    space()
    if (take(close)) return true
    for (;;) {
      space()
      if (!member()) return false
      space()
      if (take(close)) return true
      if (!take(comma)) return false
    }
  }
  const pair = () => {
    if (!take(string)) return false
    space()
    return take(colon) && value()
  }
  const value = (): boolean => {
    space()
    if (take(openObject)) return members(closeObject, pair)
    if (take(openArray)) return members(closeArray, value)
    return take(scalar) || take(string)
  }

  const isRead = value()
  space()
  return isRead && at === text.length ? -1 : at
}

const whitespace = /[ \t\r\n]*/y
const scalar = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y
const string = /"(?:[^"\\\p{Cc}]|\\["\\/bfnrt]|\\u[\dA-Fa-f]{4})*"/uy
const openObject = /\{/y
const closeObject = /\}/y
const openArray = /\[/y
const closeArray = /\]/y
const comma = /,/y
const colon = /:/y
