import { isMaskable } from '@opsconductor/contract'

/** One way in which a sign of a secret may be written. */
export type Spelling = {
  bytes: readonly number[]
  /** Letters count in upper and lower case: hexadecimal digits. */
  anyCase: boolean
  /** Stands behind at least one backslash, which is not part of `bytes`. */
  isSlashed: boolean
}

/** A sign of a secret: a character, a byte, a digit of its encoding. */
export type Sign = {
  spellings: readonly Spelling[]
  /** Any number of backslashes may stand before it, and mean nothing. */
  isEscapable: boolean
  /** The line may have been broken before it, where the secret itself has no break. */
  mayWrap: boolean
  /** A break may also be written as \n, in an encoding within JSON. */
  hasWrittenBreaks: boolean
}

/** A form of a secret, sign by sign. Signs are made when they are asked for: most forms never get beyond their first. */
export type Form = { length: number; sign: (at: number) => Sign | undefined }

/** Shorter lines of a secret of several lines say little, and may be anywhere. */
const shortestLine = 8

/**
 * All forms in which secrets show up in outputs. Each sign may be written in each of its ways, whatever its neighbours
 * do, so that no escaping has to be foreseen as a whole: as it is, escaped for sh (by quotes, by backslashes, as bash's
 * printf %q and $'…' do), PowerShell, JSON, URLs, XML, C and Python, once or twice over; in base64 of UTF-8 and UTF-16, both
 * alphabets, wherever it begins in it; in hexadecimal. Lines may be wrapped anywhere. Lines of a longer secret count alone.
 */
export const formsOf = (secret: string): Form[] => {
  if (!isMaskable(secret)) return []
  const whole = secret.toWellFormed().replaceAll('\r\n', '\n').trim()
  const lines = whole.split('\n').map((line) => line.trim())
  const ownLines = lines.length === 1 ? [] : lines.filter((line) => line.length >= shortestLine && !isArmour(line))
  const signs = createSigns()
  const encoded = [whole, ...(whole.includes('\n') ? [whole.replaceAll('\n', '\r\n')] : [])].flatMap((text) => {
    const [utf8, utf16] = [Buffer.from(text), Buffer.from(text, 'utf16le')]
    return [
      ...[...base64Of(utf8), ...base64Of(utf16)].map((digits) => formOf(digits, signs.base64)),
      formOf(utf8.toString('hex'), (digit, at) => (at > 0 && at % 2 === 0 ? signs.firstHex : signs.hex)(digit)),
      formOf(utf16, signs.byte),
    ]
  })
  return [...[whole, ...ownLines].map((text) => formOf(Array.from(text), signs.text)), ...encoded]
}

const formOf = <Element>(elements: ArrayLike<Element>, signOf: (element: Element, at: number) => Sign): Form => ({
  length: elements.length,
  sign: (at) => {
    const element = elements[at]
    return element === undefined ? undefined : signOf(element, at)
  },
})

/** The frame around a key is no secret. */
const isArmour = (line: string) => /^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line)

/** The digits that depend on these bytes alone, at each of the three places they can have among others. */
const base64Of = (bytes: Buffer): string[] =>
  [0, 1, 2].map((offset) => {
    const digits = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const isLastShared = (bytes.length + offset) % 3 !== 0
    return digits.slice([0, 2, 3][offset], isLastShared ? -1 : undefined)
  })

/** The ways to write a sign, made once for each that occurs. */
const createSigns = () => ({
  text: once((character: string): Sign => ({
    spellings: spellingsOf(character),
    isEscapable: /^[^A-Za-z0-9]$/.test(character) && character < '\x7f',
    mayWrap: character !== '\n',
    hasWrittenBreaks: false,
  })),
  base64: once((digit: string): Sign => ({
    spellings: ({ '+': ['+', '-', '%2B'], '/': ['/', '_', '%2F'] }[digit] ?? [digit]).map((text) => plain(text)),
    isEscapable: digit === '/',
    mayWrap: true,
    hasWrittenBreaks: true,
  })),
  firstHex: once((digit: string): Sign => ({
    ...hexDigit,
    spellings: ['', ' ', ':', '-'].map((sign) => plain(sign + digit, true)),
  })),
  hex: once((digit: string): Sign => ({ ...hexDigit, spellings: [plain(digit, true)] })),
  byte: once((byte: number): Sign => ({
    spellings: [{ bytes: [byte], anyCase: false, isSlashed: false }],
    isEscapable: false,
    mayWrap: false,
    hasWrittenBreaks: false,
  })),
})

const hexDigit = { isEscapable: false, mayWrap: true, hasWrittenBreaks: true }

const once = <Key, Value>(make: (key: Key) => Value) => {
  const made = new Map<Key, Value>()
  return (key: Key): Value => {
    const value = made.get(key) ?? make(key)
    made.set(key, value)
    return value
  }
}

const plain = (text: string, anyCase = false): Spelling => ({
  bytes: [...Buffer.from(text)],
  anyCase,
  isSlashed: false,
})
const slashed = (text: string, anyCase = false): Spelling => ({ ...plain(text, anyCase), isSlashed: true })

const spellingsOf = (character: string): Spelling[] => {
  const code = character.codePointAt(0) ?? 0
  const bytes = [...Buffer.from(character)]
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0')
  const units = Array.from({ length: character.length }, (_, index) => hex(character.charCodeAt(index), 4))
  return [
    plain(character),
    plain(bytes.map((byte) => `%${hex(byte, 2)}`).join(''), true),
    slashed(bytes.map((byte) => `x${hex(byte, 2)}`).join('\\'), true),
    slashed(bytes.map((byte) => byte.toString(8).padStart(3, '0')).join('\\')),
    slashed(units.map((unit) => `u${unit}`).join('\\'), true),
    slashed(`u{${hex(code, 1)}}`, true),
    slashed(`U${hex(code, 8)}`, true),
    plain(`&#${code};`),
    plain(`&#x${hex(code, 1)};`, true),
    ...(code < 0x20 ? [plain(`_x${hex(code, 4)}_`, true)] : []), // PowerShell's CLIXML
    ...(/^[^A-Za-z0-9]$/.test(character) && code < 0x7f ? [plain(`\`${character}`)] : []),
    ...(special[character] ?? []),
  ]
}

const special: Record<string, readonly Spelling[]> = {
  '\n': [
    ...['\r\n', ' ', '`n', '`r`n', '%0D%0A', '%0d%0a', '_x000D__x000A_'].map((text) => plain(text)),
    ...['n', 'r\\n', 'r\\\\n'].map((text) => slashed(text)),
  ],
  '\t': [plain(' '), plain('`t'), slashed('t')],
  '\b': [slashed('b'), plain('`b')],
  '\f': [slashed('f'), plain('`f')],
  '\v': [slashed('v'), plain('`v')],
  '\x07': [slashed('a'), plain('`a')],
  '\x1b': [slashed('e'), slashed('E'), plain('`e')],
  ' ': [plain('+')],
  '%': [plain('%%')],
  "'": [`''`, `'\\''`, `'\\\\''`, `'"'"'`, `'\\"'\\"'`, '&apos;'].map((text) => plain(text)),
  '"': [`""`, '&quot;'].map((text) => plain(text)),
  '&': [plain('&amp;')],
  '<': [plain('&lt;')],
  '>': [plain('&gt;')],
}
