import { evaluate, ExpressionError, type Lookup } from './expressions.ts'
import { findPlaceholders, type Placeholder, type TextProblem } from './placeholders.ts'
import { mask, replacePlaces } from './sh-rendering.ts'

/** A text that no program reads as its own: a path, the content of a file. Values stand in it as they are. */
export type PlainText = { text: string; places: readonly Placeholder[]; problems: readonly TextProblem[] }

export const readPlain = (text: string): PlainText => {
  const { placeholders, problems } = findPlaceholders(text)
  return { text, places: placeholders, problems }
}

/** @throws ExpressionError when a name has no value, or none yet */
export const renderPlain = (plain: PlainText, lookup: Lookup): string =>
  replacePlaces(plain.text, plain.places, (place) => {
    const evaluated = evaluate(place, lookup)
    if ('later' in evaluated) throw new ExpressionError(`not known yet: ${evaluated.later}`)
    return evaluated.value
  })

/** The same as people read it: secrets masked, and said where a value is known only later. */
export const showPlain = (plain: PlainText, lookup: Lookup): string =>
  replacePlaces(plain.text, plain.places, (place) => {
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
