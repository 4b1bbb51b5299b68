import { evaluate, type Evaluated, ExpressionError, type Lookup } from './expressions.ts'
import { findPlaceholders, type Placeholder, placeOf, type TextProblem } from './placeholders.ts'
import { commandsOf } from './sh-commands.ts'
import { computingAt } from './sh-computing.ts'
import { contextsOf, type Refused, type ShContext } from './sh-contexts.ts'
import { type Nested, nestingsOf, withoutPlaces } from './sh-nesting.ts'

/**
 * A place for a value: in which quotes, and, in the script of a second shell, in which ones of the first. Where a shell
 * computes with it, only a number may stand there.
 */
export type ShPlace = Placeholder & { context: ShContext; outer?: Nested['outer']; isNumber: boolean }

/** A shell text whose placeholders are found and all stand where a value can be put safely. */
export type ShTemplate = { text: string; places: ShPlace[] }

export const readShTemplate = (text: string): { template: ShTemplate; problems: TextProblem[] } => {
  const { placeholders, problems } = findPlaceholders(text)
  const contexts = contextsOf(text, placeholders)
  const nestings = nestingsOf(text, placeholders)
  const commands = commandsOf(withoutPlaces(text, placeholders))
  const places: ShPlace[] = []
  placeholders.forEach((placeholder, index) => {
    const found = placeIn(contexts[index], nestings[index] ?? null, computingAt(commands, placeholder))
    // the author answers for what is put in as text
    if (placeholder.isRaw) places.push({ ...placeholder, context: 'bare', isNumber: false })
    else if ('context' in found) places.push({ ...placeholder, ...found })
    else {
      const message = `{{ ${placeholder.source} }} stands ${found.refused}`
      problems.push({ ...placeOf(text, placeholder.start), message })
    }
  })
  return { template: { text, places }, problems }
}

const placeIn = (
  own: ShContext | Refused | undefined,
  nested: Nested | Refused | null,
  computing: ReturnType<typeof computingAt>,
): Pick<ShPlace, 'context' | 'outer' | 'isNumber'> | Refused => {
  if (own === undefined) return { refused: 'where it cannot be understood' }
  if (typeof own !== 'string') return own
  if (nested !== null) return nested
  if (computing !== null && computing !== 'number') return computing
  return { context: own, isNumber: computing === 'number' }
}

/**
 * The script to run. Values are not pasted into it: each becomes a shell variable, assigned before the script's own text
 * and the placeholder becomes a reference to it that suits its quotes. Whatever a value holds, it stays one word and one
 * value. Only those that a second shell needs (`sh -c`) are exported; there a variable that did not arrive is an error.
 *
 * @throws ExpressionError when a name has no value, or none yet
 */
export const renderSh = ({ text, places }: ShTemplate, lookup: Lookup): string => {
  const valueOf = evaluatedOnce(lookup)
  const variables = new Map<string, string>()
  const assignments: string[] = []
  const variableOf = (place: ShPlace) => {
    const key = `${place.outer === undefined ? '' : 'exported '}${place.source}`
    const known = variables.get(key)
    if (known !== undefined) return known
    const variable = `OC_${variables.size + 1}`
    variables.set(key, variable)
    assignments.push(`${variable}=${quoteSh(settled(valueOf(place)))}\n`)
    if (place.outer !== undefined) assignments.push(`export ${variable}\n`)
    return variable
  }
  const body = replacePlaces(text, places, (place) => {
    if (place.isRaw) return settled(valueOf(place))
    const variable = variableOf(place)
    return place.outer === undefined
      ? referenceTo(variable, place.context)
      : literalIn(referenceTo(`${variable}?`, place.context), place.outer)
  })
  return `${assignments.join('')}${body}`
}

/**
 * The same command as a person reads it: values in their places, quoted as they must be, secrets masked, and said where
 * a value is known only later.
 *
 * @throws ExpressionError when a name has no value
 */
export const showSh = ({ text, places }: ShTemplate, lookup: Lookup): string => {
  const valueOf = evaluatedOnce(lookup)
  return replacePlaces(text, places, (place) => {
    const evaluated = valueOf(place)
    if ('later' in evaluated) return `‹${evaluated.later}›`
    if (evaluated.isSecret) return mask
    if (place.isRaw) return evaluated.value
    const literal = literalIn(evaluated.value, place.context)
    return place.outer === undefined ? literal : literalIn(literal, place.outer)
  })
}

/** The secrets that a text would hold, as they would stand in it: what a filter has made of one is another text to mask. */
export const secretsIn = ({ places }: ShTemplate, lookup: Lookup): string[] => {
  const valueOf = evaluatedOnce(lookup)
  return places.flatMap((place) => {
    const evaluated = valueOf(place)
    return 'value' in evaluated && evaluated.isSecret ? [evaluated.value] : []
  })
}

export const mask = '********'

/** POSIX quoting: nothing is special inside single quotes but the quote itself. */
export const quoteSh = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`

const evaluatedOnce = (lookup: Lookup) => {
  const known = new Map<string, Evaluated>()
  return (place: ShPlace): Evaluated => {
    const before = known.get(keyOf(place))
    if (before !== undefined) return before
    const evaluated = evaluate(place, lookup)
    if (place.isNumber && 'value' in evaluated && !/^[+-]?\d{1,30}(?:\.\d{1,30})?$/.test(evaluated.value))
      throw new ExpressionError(`{{ ${place.source} }} stands where a shell computes: only a number may stand there`)
    known.set(keyOf(place), evaluated)
    return evaluated
  }
}

const keyOf = ({ isNumber, source }: ShPlace) => `${isNumber ? 'number ' : ''}${source}`

/** @throws ExpressionError when it is not known yet */
export const settled = (evaluated: Evaluated): string => {
  if ('later' in evaluated) throw new ExpressionError(`not known yet: ${evaluated.later}`)
  return evaluated.value
}

const referenceTo = (variable: string, context: ShContext): string => {
  switch (context) {
    case 'bare':
      return `"\${${variable}}"`
    case 'double':
    case 'heredoc':
      return `\${${variable}}`
    case 'single':
      return `'"\${${variable}}"'`
  }
}

const literalIn = (value: string, context: ShContext): string => {
  switch (context) {
    case 'bare':
      return /^[\w@%+=:,./-]+$/.test(value) ? value : quoteSh(value)
    case 'double':
      return value.replace(/["$`\\]/g, String.raw`\$&`)
    case 'heredoc':
      return value.replace(/[$`\\]/g, String.raw`\$&`)
    case 'single':
      return value.replaceAll("'", String.raw`'\''`)
  }
}

/** A text is never longer than this with its values, in UTF-16 units. */
const textLimit = 8 * 1024 * 1024

/** The text with each place replaced. @throws ExpressionError when it gets too long */
export const replacePlaces = <P extends Placeholder>(
  text: string,
  places: readonly P[],
  by: (place: P) => string,
): string => {
  let result = ''
  let from = 0
  for (const place of places) {
    result += text.slice(from, place.start) + by(place)
    if (result.length > textLimit) throw new ExpressionError('with its values the text is longer than 8 MB')
    from = place.end
  }
  return result + text.slice(from)
}
