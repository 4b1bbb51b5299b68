/** What a filter cannot work with, in words for the author. */
export class FilterError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FilterError'
  }
}

/** A value is never longer than this, in UTF-16 units, also between two filters. */
export const valueLimit = 1024 * 1024

type Filter = { argumentsFrom: number; argumentsTo: number; apply: (value: unknown, ...rest: unknown[]) => unknown }

/** Every filter there is. They are pure, and take time and memory in proportion to their value. */
export const filters: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  [
    'default',
    {
      argumentsFrom: 1,
      argumentsTo: 1,
      apply: (value, otherwise) => (value === undefined || value === null || value === '' ? otherwise : value),
    },
  ],
  ['upper', { argumentsFrom: 0, argumentsTo: 0, apply: (value) => textOf(value).toUpperCase() }],
  ['lower', { argumentsFrom: 0, argumentsTo: 0, apply: (value) => textOf(value).toLowerCase() }],
  [
    'join',
    {
      argumentsFrom: 0,
      argumentsTo: 1,
      apply: (value, between = ' ') => {
        if (!Array.isArray(value)) throw new FilterError('join is for lists')
        const [texts, separator] = [value.map(textOf), textOf(between)]
        // looked at before the text is made: a long separator times a long list is out of proportion
        atMost(texts.reduce((sum, text) => sum + text.length + separator.length, 0))
        return texts.join(separator)
      },
    },
  ],
  ['json', { argumentsFrom: 0, argumentsTo: 0, apply: (value) => JSON.stringify(value) }],
  [
    'base64',
    { argumentsFrom: 0, argumentsTo: 0, apply: (value) => Buffer.from(textOf(value), 'utf8').toString('base64') },
  ],
])

/** The text a value becomes. @throws FilterError for what has no text of its own */
export const textOf = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (Array.isArray(value)) throw new FilterError('it is a list: join it, or use it as JSON (| join: ",", | json)')
  if (typeof value === 'object' && value !== null)
    throw new FilterError('it is an object: name one of its fields, or use it as JSON (| json)')
  throw new FilterError('it has no value; give one with | default: "…"')
}

/** @throws FilterError */
export const atMost = (length: number) => {
  if (length > valueLimit) throw new FilterError('it would be longer than 1 MB')
}
