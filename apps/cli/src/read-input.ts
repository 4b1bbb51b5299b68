import { readFile } from 'node:fs/promises'
import type { Asker } from './ask.ts'
import { Failure } from './failure.ts'
import { isCode } from './lock.ts'

/** The text of a file, or of stdin for `-`. */
export const readText = async (asker: Asker, file: string) => {
  if (file === '-') return asker.stdin()
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (isCode(error, 'ENOENT')) throw new Failure('usage', `There is no file ${file}`, { cause: error })
    throw new Failure('usage', `${file} cannot be read`, { cause: error })
  }
}

export type SecretSource = {
  file?: string | undefined
  isStdin?: boolean | undefined
  question: string
  /** What to do where there is neither a file nor a terminal to ask at. */
  otherwise: string
}

/** A secret on one line: from a file, from stdin, or asked for without echo. Never from an argument. */
export const readSecret = async (asker: Asker, { file, isStdin, question, otherwise }: SecretSource) => {
  const source = isStdin === true ? '-' : file
  const secret =
    source === undefined ? await asker.secret(question, otherwise) : withoutLineEnd(await readText(asker, source))
  if (secret === '') throw new Failure('usage', `${question}: nothing was given`)
  return secret
}

/** The line end that an editor or `echo` puts after a secret is not part of it. */
export const withoutLineEnd = (text: string) => text.replace(/\r?\n$/, '')
