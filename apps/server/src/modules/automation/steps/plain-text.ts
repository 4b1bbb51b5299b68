import { evaluate, ExpressionError, type Lookup } from './expressions.ts'
import { findPlaceholders, type Placeholder, type TextProblem } from './placeholders.ts'
import { mask } from './sh-rendering.ts'

/** A text that no program reads as its own: a path, the content of a file. Values stand in it as they are. */
export type PlainText = { text: string; places: readonly Placeholder[]; problems: readonly TextProblem[] }

export const readPlain = (text: string): PlainText => {
  const { placeholders, problems } = findPlaceholders(text)
  return { text, places: placeholders, problems }
}

/** A text is never longer than this with its values, in UTF-16 units. */
const textLimit = 8 * 1024 * 1024

const replace = ({ text, places }: PlainText, by: (place: Placeholder) => string): string => {
  let result = ''
  let from = 0
  for (const place of places) {
    result += text.slice(from, place.start) + by(place)
    if (result.length > textLimit) throw new ExpressionError('with its values the text is longer than 8 MB')
    from = place.end
  }
  return result + text.slice(from)
}

/** @throws ExpressionError when a name has no value, or none yet */
export const renderPlain = (plain: PlainText, lookup: Lookup): string =>
  replace(plain, (place) => {
    const evaluated = evaluate(place, lookup)
    if ('later' in evaluated) throw new ExpressionError(`not known yet: ${evaluated.later}`)
    return evaluated.value
  })

/** The same as people read it: secrets masked, and said where a value is known only later. */
export const showPlain = (plain: PlainText, lookup: Lookup): string =>
  replace(plain, (place) => {
    const evaluated = evaluate(place, lookup)
    if ('later' in evaluated) return `‹${evaluated.later}›`
    return evaluated.isSecret ? mask : evaluated.value
  })

/** The secrets that a text would hold, as they would stand in it. */
export const secretsInPlain = ({ places }: PlainText, lookup: Lookup): string[] =>
  places.flatMap((place) => {
    const evaluated = evaluate(place, lookup)
    return 'value' in evaluated && evaluated.isSecret ? [evaluated.value] : []
  })
