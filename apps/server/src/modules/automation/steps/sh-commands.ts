import { findHereEnd, type HereDocument, readHereOperator } from './sh-contexts.ts'

/** A word as it is written, with its quotes. */
export type ShWord = { start: number; end: number; text: string }

/**
 * A simple command: its words without assignments, redirections and reserved words, in a pipeline that has a number of
 * its own; `hereDocuments` are the ranges of the texts it reads from here-documents.
 */
export type ShCommand = {
  words: ShWord[]
  pipeline: number
  hereDocuments: { start: number; end: number }[]
  redirections: { start: number; end: number; operator: string }[]
}

const reserved = /^(?:if|then|else|elif|fi|do|done|while|until|!|\{|\}|time|coproc)$/
const assignment = /^[A-Za-z_]\w*(?:\[[^\]]*\])?\+?=/

/**
 * The simple commands of a script, those within `$( … )` too. Like sh-contexts.ts it follows quotes and is no parser of
 * the language; it tells to what program a word is given, as far as one can see without running the script.
 */
export const commandsOf = (script: string): ShCommand[] => {
  const found: ShCommand[] = []
  let pipelines = 0

  const scan = (from: number, isSubstitution: boolean): number => {
    let at = from
    let depth = 0
    let pipeline = ++pipelines
    let word = -1
    let redirection = ''
    let command: ShCommand = { words: [], pipeline, hereDocuments: [], redirections: [] }
    const waiting: (HereDocument & { command: ShCommand })[] = []

    const endWord = () => {
      if (word === -1) return
      const text = script.slice(word, at)
      const isFirst = command.words.length === 0
      if (redirection !== '') command.redirections.push({ start: word, end: at, operator: redirection })
      else if (!isFirst || !(reserved.test(text) || assignment.test(text)))
        command.words.push({ start: word, end: at, text })
      redirection = ''
      word = -1
    }
    const endCommand = (isPiped: boolean) => {
      endWord()
      redirection = ''
      if (command.words.length > 0 || command.redirections.length > 0 || waiting.some((w) => w.command === command))
        found.push(command)
      if (!isPiped) pipeline = ++pipelines
      command = { words: [], pipeline, hereDocuments: [], redirections: [] }
    }

    while (at < script.length) {
      const char = script[at] ?? ''
      const next = script[at + 1] ?? ''
      if (/\s/.test(char)) {
        endWord()
        if (char === '\n') {
          endCommand(false)
          at += 1
          for (const { command: reader, delimiter, stripsTabs } of waiting.splice(0)) {
            const { end, next: behind } = findHereEnd(script, at, delimiter, stripsTabs)
            reader.hereDocuments.push({ start: at, end })
            at = behind
          }
        } else at += 1
      } else if (char === '#' && word === -1) {
        while (at < script.length && script[at] !== '\n') at += 1
      } else if (char === '<' && next === '<' && script[at + 2] !== '<') {
        const here = readHereOperator(script, at)
        endWord()
        if (here !== null) waiting.push({ ...here, command })
        at = here?.end ?? at + 2
      } else if (char === '<' || char === '>') {
        endWord()
        const operator = /^(?:<<<|<>|<&|>>|>&|>\||<|>)/.exec(script.slice(at, at + 3))?.[0] ?? char
        redirection = operator
        at += operator.length
      } else if (char === ';' || char === '&' || char === '|') {
        endCommand(char === '|' && next !== '|')
        at += 1
        if (char === '|' && next === '|') at += 1
      } else if (char === '(' || char === ')') {
        if (char === ')' && depth === 0 && isSubstitution) break
        endCommand(false)
        depth += char === '(' ? 1 : depth > 0 ? -1 : 0
        at += 1
      } else {
        if (word === -1) word = at
        at = behindPiece(at)
      }
    }
    endCommand(false)
    return at + 1
  }

  /** Passes over one character of a word, or over what is quoted or expanded as one. */
  const behindPiece = (at: number): number => {
    const char = script[at] ?? ''
    if (char === '\\') return at + 2
    if (char === "'") return behind(script.indexOf("'", at + 1))
    if (char === '"') return behindDouble(at + 1)
    if (char === '`') return behindBackticks(at + 1)
    if (script.startsWith('$((', at)) return behind(script.indexOf('))', at) + 1)
    if (script.startsWith('$(', at)) return scan(at + 2, true)
    if (script.startsWith('${', at)) return behind(script.indexOf('}', at))
    return at + 1
  }
  const behindDouble = (from: number): number => {
    let at = from
    while (at < script.length && script[at] !== '"') {
      at = script[at] === "'" ? at + 1 : behindPiece(at)
    }
    return at + 1
  }
  const behindBackticks = (from: number): number => {
    let at = from
    while (at < script.length && script[at] !== '`') at += script[at] === '\\' ? 2 : 1
    return at + 1
  }
  const behind = (index: number) => (index <= 0 ? script.length : index + 1)

  scan(0, false)
  return found
}

/** The word without its quotes, as far as they can be read off it. */
export const plainWord = (word: ShWord | undefined): string => (word?.text ?? '').replace(/["'\\]/g, '')

/** `/usr/bin/sudo` is `sudo`. */
export const programOf = (word: ShWord | undefined): string => plainWord(word).replace(/^.*\//, '')
