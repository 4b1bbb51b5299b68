import { plainWord, programOf, type ShCommand } from './sh-commands.ts'
import type { Refused } from './sh-contexts.ts'

type Place = { start: number; end: number }

const namesVariables = /^(?:read|unset|getopts|mapfile|readarray|nameref|integer|float|let)$/
const declares = /^(?:declare|typeset|local|export|readonly)$/
const takesNumber = /^(?:shift|exit|return|break|continue|ulimit)$/
const comparesNumbers = /^-(?:eq|ne|lt|le|gt|ge)$/

/**
 * Builtins that compute with a word, although it is quoted: `a[$(id)]` as the name of a variable, or as a number, runs
 * `id` in bash (`read`, `unset`, `[ -v`, `printf -v`, `declare`) or in mksh and its kin (`[ … -eq … ]`, `shift`).
 *
 * @returns why no value may stand there, or that only a number may; null where nothing is computed
 */
export const computingAt = (commands: readonly ShCommand[], place: Place): Refused | 'number' | null => {
  for (const { words } of commands) {
    const index = words.findIndex(({ start, end }) => start <= place.start && place.end <= end)
    const word = words[index]
    if (word === undefined) continue
    const first = /^(?:command|builtin)$/.test(programOf(words[0])) ? 1 : 0
    const program = plainWord(words[first])
    const before = plainWord(words[index - 1])
    if (index <= first) continue
    if (namesVariables.test(program) && !(program === 'read' && /^-[A-Za-z]*[pdtinN]$/.test(before)))
      return { refused: `behind "${program}", where it names a variable and a shell computes its index` }
    if (declares.test(program)) {
      const name = /^[A-Za-z_]\w*=/.exec(word.text.replace(/^["']/, ''))
      const isReference = words.slice(first, index).some(({ text }) => /^-\w*n/.test(text))
      if (name === null || isReference || word.start + name[0].length > place.start)
        return { refused: `behind "${program}", where it names a variable and a shell computes its index` }
      if (words.slice(first, index).some(({ text }) => /^[-+]\w*[iEF]/.test(text))) return 'number'
    }
    if (program === 'printf' && (before === '-v' || (index === first + 1 && word.text.startsWith('-v'))))
      return { refused: 'behind "printf -v", where it names a variable and a shell computes its index' }
    if (program === '[' || program === 'test') {
      if (/^-[vR]$/.test(before))
        return { refused: `behind "${program} ${before}", where it names a variable and a shell computes its index` }
      if (before === '-t' || comparesNumbers.test(before) || comparesNumbers.test(plainWord(words[index + 1])))
        return 'number'
    }
    if (takesNumber.test(program)) return 'number'
  }
  return null
}
