/** A name as the system has it: bytes, and not always text. */
export type Name = Buffer

export const nameOf = (path: string | Uint8Array): Name => Buffer.from(path)

/** For messages. */
export const shown = (name: Name): string => name.toString('utf8')

/** `rest` below `folder`; an empty `rest` is the folder itself. */
export const below = (folder: Name, rest: Name): Name =>
  rest.length === 0 ? folder : Buffer.concat([folder, Buffer.from(folder.at(-1) === 0x2f ? '' : '/'), rest])

/** A name for a file beside `name` that nobody else uses. */
export const beside = (name: Name, suffix: string): Name =>
  Buffer.concat([name.subarray(0, name.lastIndexOf(0x2f) + 1), Buffer.from(suffix)])

/**
 * The name as one word of a POSIX shell. One that is no UTF-8 would not survive on its way there as text, so its bytes
 * are written as octal numbers; then an `x` follows, which saves newlines from being cut off by `$(…)`.
 */
const wordOf = (name: Name): string => {
  const text = name.toString('utf8')
  if (Buffer.from(text).equals(name)) return `'${text.replaceAll("'", String.raw`'\''`)}'`
  const octal = [...name].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
  return `"$(printf '${octal}x')"`
}

/** Assigns the bytes to a variable. */
export const assignText = (variable: string, text: Name): string => {
  const word = wordOf(text)
  return word.startsWith('"') ? `${variable}=${word}\n${variable}=\${${variable}%x}` : `${variable}=${word}`
}

/** The same for a name: one that begins with a dash is no option then. */
export const assign = (variable: string, name: Name): string =>
  `${assignText(variable, name)}\ncase $${variable} in -*) ${variable}=./$${variable} ;; esac`
