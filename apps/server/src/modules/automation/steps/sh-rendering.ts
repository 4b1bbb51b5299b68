import { contextsOf, type ShContext } from './sh-contexts.ts'
import { findPlaceholders, type Placeholder, placeOf, type TextProblem } from './placeholders.ts'

/** A shell text whose placeholders are found and all stand where a value can be put safely. */
export type ShTemplate = { text: string; places: (Placeholder & { context: ShContext })[] }

export type NamedValue = { value: string; isSecret: boolean }
export type Lookup = (name: string) => NamedValue

export const readShTemplate = (text: string): { template: ShTemplate; problems: TextProblem[] } => {
  const { placeholders, problems } = findPlaceholders(text)
  const contexts = contextsOf(text, placeholders)
  const places: ShTemplate['places'] = []
  placeholders.forEach((placeholder, index) => {
    const context = contexts[index] ?? { refused: 'where it cannot be understood' }
    if (typeof context === 'string') places.push({ ...placeholder, context })
    else if (placeholder.isRaw) places.push({ ...placeholder, context: 'bare' }) // the author answers for it
    else
      problems.push({
        ...placeOf(text, placeholder.start),
        message: `{{ ${placeholder.name} }} stands ${context.refused}`,
      })
  })
  return { template: { text, places }, problems }
}

/**
 * The script to run. Values are not pasted into it: each becomes a shell variable, assigned before the script's own text
 * and not exported, and the placeholder becomes a reference to it that suits its quotes. Whatever a value holds, it
 * stays one word and one value.
 */
export const renderSh = ({ text, places }: ShTemplate, lookup: Lookup): string => {
  const variables = new Map<string, string>()
  const assignments: string[] = []
  const variableOf = (name: string) => {
    const known = variables.get(name)
    if (known !== undefined) return known
    const variable = `OC_${variables.size + 1}`
    variables.set(name, variable)
    assignments.push(`${variable}=${quoteSh(lookup(name).value)}\n`)
    return variable
  }
  const body = replace(text, places, ({ name, isRaw, context }) =>
    isRaw ? lookup(name).value : referenceTo(variableOf(name), context),
  )
  return `${assignments.join('')}${body}`
}

/** The same command as a person reads it: values in their places, quoted as they must be, secrets masked. */
export const showSh = ({ text, places }: ShTemplate, lookup: Lookup): string =>
  replace(text, places, ({ name, isRaw, context }) => {
    const { value, isSecret } = lookup(name)
    if (isSecret) return mask
    return isRaw ? value : literalIn(value, context)
  })

export const mask = '********'

/** POSIX quoting: nothing is special inside single quotes but the quote itself. */
export const quoteSh = (value: string): string => `'${value.replaceAll("'", String.raw`'\''`)}'`

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

const replace = (text: string, places: ShTemplate['places'], by: (place: ShTemplate['places'][number]) => string) => {
  let result = ''
  let from = 0
  for (const place of places) {
    result += text.slice(from, place.start) + by(place)
    from = place.end
  }
  return result + text.slice(from)
}
