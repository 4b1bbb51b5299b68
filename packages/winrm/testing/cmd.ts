// As much of cmd.exe as a line needs on its way to a program: variables, carets, quotes.

/** `%NAME%`, also `%NAME:a=b%`, where there is such a variable; what is none stays as it is, as on a command line. */
const expand = (line: string, environment: Readonly<Record<string, string>>) =>
  line.replaceAll(/%([^%:]+)(?::([^%=]+)=([^%]*))?%/g, (whole, name: string, from?: string, to?: string) => {
    const known = Object.keys(environment).find((key) => key.toLowerCase() === name.toLowerCase())
    if (known === undefined) return whole
    return from === undefined ? environment[known]! : environment[known]!.replaceAll(from, to ?? '')
  })

export type CmdLine =
  /** One program and its arguments, read by the rules of CommandLineToArgvW. */
  | { readonly kind: 'program'; readonly argv: readonly string[]; readonly text: string }
  /** Several programs, pipes or redirections: for a shell. */
  | { readonly kind: 'shell'; readonly text: string }

/** Carets outside of quotes escape; an operator outside of quotes makes it a line for a shell. */
const stripCarets = (line: string) => {
  let text = ''
  let isQuoted = false
  let hasOperator = false
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!
    if (character === '^' && !isQuoted) {
      text += line[++at] ?? ''
      continue
    }
    if (character === '"') isQuoted = !isQuoted
    else if (!isQuoted && '&|<>'.includes(character)) hasOperator = true
    text += character
  }
  return { text, hasOperator }
}

/** "Parsing C++ command-line arguments", Microsoft Learn: 2n backslashes and a quote, 2n+1 and a quote, a doubled quote. */
export const splitArguments = (text: string): string[] => {
  const found: string[] = []
  let current: string | undefined
  let isQuoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (!isQuoted && /[ \t]/.test(character)) {
      if (current !== undefined) found.push(current)
      current = undefined
      continue
    }
    current ??= ''
    if (character === '\\') {
      const run = /^\\+/.exec(text.slice(at))![0].length
      at += run - 1
      if (text[at + 1] !== '"') current += '\\'.repeat(run)
      else {
        current += '\\'.repeat(run >> 1)
        if (run % 2 === 1) {
          current += '"'
          at++
        }
      }
    } else if (character === '"') {
      if (isQuoted && text[at + 1] === '"') {
        current += '"'
        at++
      } else isQuoted = !isQuoted
    } else current += character
  }
  if (current !== undefined) found.push(current)
  return found
}

export const readCmdLine = (line: string, environment: Readonly<Record<string, string>>): CmdLine => {
  const { text, hasOperator } = stripCarets(expand(line, environment))
  return hasOperator ? { kind: 'shell', text } : { kind: 'program', argv: splitArguments(text), text }
}
