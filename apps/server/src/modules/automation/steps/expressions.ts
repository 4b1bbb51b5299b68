import { Context, Liquid, type Token, Tokenizer, toValueSync, TypeGuards, Value } from 'liquidjs'
import { atMost, FilterError, filters, textOf } from './filters.ts'

/**
 * What stands inside `{{ … }}`: a name or a literal, and filters. LiquidJS reads it and evaluates it to a value; it never
 * sees the text around the placeholder, and none of its tags, templates and own filters can be reached.
 */
export type Expression = {
  /** As the author wrote it. */
  source: string
  /** The names in it, each as its parts: `['steps', 'build', 'stdout']`. */
  names: readonly (readonly string[])[]
  /** To be put in unquoted. */
  isRaw: boolean
  /** The same with `v0`, `v1`, … for the names: all that the library gets to see. */
  text: string
}

/**
 * What a name stands for: a value; or why there is none, where `default` may give one; or why what there is cannot be
 * used, whatever the default; or what it waits for.
 */
export type Named =
  | { value: unknown; isSecret: boolean }
  | { missing: string }
  | { unusable: string }
  | { later: string }

export type Lookup = (name: readonly string[]) => Named

/** What an expression comes to: its text, or what it waits for. */
export type Evaluated = { value: string; isSecret: boolean } | { later: string }

/** Something is wrong with an expression; the message is for its author. */
export class ExpressionError extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'ExpressionError'
  }
}

const engine = new Liquid({
  strictVariables: true,
  strictFilters: true,
  ownPropertyOnly: true,
  // an undefined name in front of `default`, and only there, is no error
  lenientIf: true,
  templates: {},
  cache: false,
})
for (const name of Object.keys(engine.filters)) engine.unregisterFilter(name)
for (const [name, { apply }] of filters) {
  engine.registerFilter(name, (value: unknown, ...rest: unknown[]) => {
    const result = apply(value, ...rest)
    if (typeof result === 'string') atMost(result.length)
    return result
  })
}

/** Longest expression, in UTF-16 units. */
export const sourceLimit = 1000
const filterLimit = 10

/**
 * @param source what stands between the braces
 * @throws ExpressionError when it cannot be read, or uses more of the language than is offered here
 */
export const readExpression = (source: string): Expression => {
  if (source.length > sourceLimit) throw new ExpressionError(`is longer than ${sourceLimit} characters`)
  const token = tokensOf(source)
  const [initial, ...more] = token.initial.postfix
  if (initial === undefined || more.length > 0) throw new ExpressionError(expected)

  const named: { begin: number; end: number; name: readonly string[] }[] = []
  const operand = (token: Token) => {
    if (TypeGuards.isQuotedToken(token) || TypeGuards.isNumberToken(token)) return
    if (TypeGuards.isLiteralToken(token) && /^(true|false)$/.test(token.getText())) return
    if (!TypeGuards.isPropertyAccessToken(token) || token.variable !== undefined || !/^[A-Za-z_]/.test(token.getText()))
      throw new ExpressionError(expected)
    named.push({ begin: token.begin, end: token.end, name: token.props.map(partOf) })
  }
  operand(initial)
  const isRaw = token.filters.at(-1)?.name === 'raw'
  const used = isRaw ? token.filters.slice(0, -1) : token.filters
  if (used.length > filterLimit) throw new ExpressionError(`has more than ${filterLimit} filters`)
  if (isRaw && token.filters.at(-1)?.args.length !== 0) throw new ExpressionError('raw takes nothing behind it')
  for (const { name, args } of used) {
    const filter = filters.get(name)
    if (name === 'raw') throw new ExpressionError('raw stands last')
    if (filter === undefined)
      throw new ExpressionError(`there is no filter "${name}"; there are ${[...filters.keys()].join(', ')} and raw`)
    if (args.length < filter.argumentsFrom || args.length > filter.argumentsTo)
      throw new ExpressionError(`${name} takes ${countOf(filter)}`)
    for (const argument of args) {
      if (Array.isArray(argument)) throw new ExpressionError(`${name} takes no names in front of its values`)
      operand(argument)
    }
  }

  const end = isRaw ? source.lastIndexOf('|', token.filters.at(-1)?.begin) : source.length
  let text = ''
  let from = 0
  for (const [index, place] of named.entries()) {
    text += `${source.slice(from, place.begin)}v${index}`
    from = place.end
  }
  return { source, names: named.map(({ name }) => name), isRaw, text: text + source.slice(from, end) }
}

/**
 * The text of an expression. What is made of a secret is a secret.
 *
 * @throws ExpressionError when a name has no value, or the value no text
 */
export const evaluate = ({ names, text, source }: Expression, lookup: Lookup): Evaluated => {
  const scope: Record<string, unknown> = Object.create(null) as Record<string, unknown>
  const missing: string[] = []
  let isSecret = false
  for (const [index, name] of names.entries()) {
    const named = lookup(name)
    if ('later' in named) return named
    if ('unusable' in named) throw new ExpressionError(named.unusable)
    if ('missing' in named) missing.push(named.missing)
    else {
      scope[`v${index}`] = named.value
      isSecret ||= named.isSecret
    }
  }
  try {
    // a name alone, as most are, needs no library
    if (text === 'v0' && missing[0] !== undefined) throw new ExpressionError(missing[0])
    const value = textOf(text === 'v0' ? scope['v0'] : computed(text, scope))
    atMost(value.length)
    if (!isReadable(value)) throw new FilterError('it holds a NUL character or half of a character')
    return { value, isSecret }
  } catch (cause) {
    if (cause instanceof ExpressionError) throw cause
    if (cause instanceof FilterError) throw new ExpressionError(`{{ ${source} }}: ${cause.message}`, cause)
    if (missing[0] !== undefined) throw new ExpressionError(missing[0], cause)
    throw new ExpressionError(`{{ ${source} }} has no value`, cause)
  }
}

const parsed = new Map<string, Value>()
const parsedLimit = 1000

/** What `engine.evalValueSync` does, which reads the text again each time: a plan evaluates it for thousands of targets. */
const computed = (text: string, scope: Record<string, unknown>): unknown => {
  const value = parsed.get(text) ?? new Value(text, engine)
  if (parsed.size === parsedLimit) parsed.clear()
  parsed.set(text, value)
  return toValueSync(value.value(new Context(scope, engine.options, { sync: true })))
}

/** No shell can be given a text with NUL or with half of a character. */
export const isReadable = (text: string): boolean => !text.includes('\0') && text.isWellFormed()

const expected =
  'is not a placeholder: expected {{ name }}, {{ name | filter }} or {{ name | raw }}; to hand such braces on, put them in quotes: {{ "{{ … }}" }}'

const tokensOf = (source: string) => {
  try {
    return new Tokenizer(source).readFilteredValue()
  } catch (cause) {
    throw new ExpressionError(expected, cause)
  }
}

/** A part of a name: `build`, or `["build"]`, or `[0]`. */
const partOf = (token: Token): string => {
  if (TypeGuards.isQuotedToken(token)) return token.content
  const text = token.getText()
  if ((TypeGuards.isWordToken(token) || TypeGuards.isNumberToken(token)) && /^[\w-]+$/.test(text)) return text
  throw new ExpressionError(expected)
}

const countOf = ({ argumentsFrom, argumentsTo }: { argumentsFrom: number; argumentsTo: number }) => {
  if (argumentsTo === 0) return 'nothing behind it'
  return argumentsFrom === argumentsTo ? 'one value behind it, such as default: "none"' : 'at most one value behind it'
}
