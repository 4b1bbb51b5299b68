import { quoteForPowerShell } from '@opsconductor/transports'
import { evaluate, ExpressionError, type Lookup } from './expressions.ts'
import { findPlaceholders, type Placeholder, placeOf, type TextProblem } from './placeholders.ts'
import { powerShellContexts, type PowerShellContext } from './powershell-contexts.ts'
import { mask, replacePlaces, settled } from './sh-rendering.ts'

type PowerShellPlace = Placeholder & { context: PowerShellContext }

/** A text of PowerShell whose placeholders are found and all stand where a value can be put safely. */
export type PowerShellTemplate = { text: string; places: PowerShellPlace[] }

export const readPowerShellTemplate = (text: string): { template: PowerShellTemplate; problems: TextProblem[] } => {
  const { placeholders, problems } = findPlaceholders(text)
  const contexts = powerShellContexts(text, placeholders)
  const places: PowerShellPlace[] = []
  placeholders.forEach((placeholder, index) => {
    const context = contexts[index] ?? { refused: 'where it cannot be understood' }
    // the author answers for what is put in as text
    if (placeholder.isRaw) places.push({ ...placeholder, context: 'bare' })
    else if (typeof context === 'string') places.push({ ...placeholder, context })
    else
      problems.push({
        ...placeOf(text, placeholder.start),
        message: `{{ ${placeholder.source} }} stands ${context.refused}`,
      })
  })
  return { template: { text, places }, problems }
}

/**
 * The script to run and the variables it is to find set. A value is never part of the script, but inside of single quotes
 * and literal here-strings, where nothing is special but the quote.
 *
 * @throws ExpressionError when a name has no value, or none yet, or it cannot stand in a literal here-string
 */
export const renderPowerShell = (
  { text, places }: PowerShellTemplate,
  lookup: Lookup,
): { script: string; variables: Record<string, string> } => {
  const names = new Map<string, string>()
  const variables: Record<string, string> = {}
  const script = replacePlaces(text, places, (place) => {
    const value = settled(evaluate(place, lookup))
    if (place.isRaw) return value
    if (place.context === 'single') return quoteForPowerShell(value).slice(1, -1)
    if (place.context === 'here-single') return hereLiteral(value, place, text)
    const known = names.get(place.source)
    const name = known ?? `OC_${names.size + 1}`
    if (known === undefined) {
      names.set(place.source, name)
      variables[name] = value
    }
    return `\${${name}}`
  })
  return { script, variables }
}

/** The same as a person reads it: values in their places, secrets masked, and said where a value is known only later. */
export const showPowerShell = ({ text, places }: PowerShellTemplate, lookup: Lookup): string =>
  replacePlaces(text, places, (place) => {
    const evaluated = evaluate(place, lookup)
    if ('later' in evaluated) return `‹${evaluated.later}›`
    if (evaluated.isSecret) return mask
    return place.isRaw ? evaluated.value : literalIn(evaluated.value, place.context)
  })

/** The secrets that the text would hold, as they would stand in it. */
export const secretsInPowerShell = ({ places }: PowerShellTemplate, lookup: Lookup): string[] =>
  places.flatMap((place) => {
    const evaluated = evaluate(place, lookup)
    if (!('value' in evaluated) || !evaluated.isSecret) return []
    const quoted = quoteForPowerShell(evaluated.value).slice(1, -1)
    return quoted === evaluated.value ? [evaluated.value] : [evaluated.value, quoted]
  })

/** A literal here-string ends with a line that begins with a quote and an at sign, and knows no other special text. */
const hereLiteral = (value: string, { source, end }: PowerShellPlace, text: string): string => {
  const isEdged = value.startsWith('@') || (/['\u2018-\u201b]$/.test(value) && text[end] === '@')
  if (isEdged || /['\u2018-\u201b]@/.test(value))
    throw new ExpressionError(
      `{{ ${source} }} holds a quote and an at sign, which could end the here-string it stands in`,
    )
  return value
}

const literalIn = (value: string, context: PowerShellContext): string => {
  switch (context) {
    case 'bare':
      return /^[A-Za-z_\\/.][\w\\/.:-]*$/.test(value) ? value : quoteForPowerShell(value)
    case 'double':
      return value.replace(/[`$"\u201c-\u201e]/g, '`$&')
    case 'here-double':
      return value.replace(/[`$]/g, '`$&')
    case 'single':
      return quoteForPowerShell(value).slice(1, -1)
    case 'here-single':
    case 'comment':
      return value
  }
}
