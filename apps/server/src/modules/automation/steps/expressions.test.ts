import { expect, test } from 'vitest'
import { evaluate, ExpressionError, type Lookup, type Named, readExpression } from './expressions.ts'
import { findPlaceholders } from './placeholders.ts'

const lookupIn =
  (names: Record<string, Named>): Lookup =>
  (name) =>
    new Map(Object.entries(names)).get(name.join('.')) ?? { missing: `there is no ${name.join('.')}` }

const named = (value: unknown, isSecret = false): Named => ({ value, isSecret })
const comesTo = (source: string, names: Record<string, Named> = {}) => evaluate(readExpression(source), lookupIn(names))
const valueOf = (source: string, names: Record<string, Named> = {}) => {
  const evaluated = comesTo(source, names)
  return 'value' in evaluated ? evaluated.value : evaluated
}

test.each<[source: string, value: unknown, result: string]>([
  ['v', 'as it is', 'as it is'],
  ['v', 5, '5'],
  ['v', false, 'false'],
  ['v | upper', 'straße', 'STRASSE'],
  ['v | lower', 'ABC', 'abc'],
  ['v | default: "none"', '', 'none'],
  ['v | default: "none"', null, 'none'],
  ['v | default: 7', 0, '0'],
  ['v | join: ", "', ['a', 1, true], 'a, 1, true'],
  ['v | join', ['a', 'b'], 'a b'],
  ['v | json', { a: ['x', "it's"] }, `{"a":["x","it's"]}`],
  ['v | json', 'a"b', '"a\\"b"'],
  ['v | base64', 'ü', 'w7w='],
  ['v | upper | base64', 'a', 'QQ=='],
  ['"{{.Names}}"', null, '{{.Names}}'],
  ["'it'", null, 'it'],
])('%s of %j is %j', (source, value, result) => {
  expect(valueOf(source, { v: named(value) })).toBe(result)
})

test('names have parts, in dots or in brackets', () => {
  expect(readExpression('steps.build.json.items[0]["a b"].x-y').names).toEqual([
    ['steps', 'build', 'json', 'items', '0', 'a b', 'x-y'],
  ])
  expect(readExpression('a | default: b.c').names).toEqual([['a'], ['b', 'c']])
})

test('an undefined name is an error, except in front of default', () => {
  expect(() => valueOf('nothing')).toThrow('there is no nothing')
  expect(() => valueOf('nothing | upper')).toThrow('there is no nothing')
  expect(() => valueOf('v | default: nothing', { v: named('x') })).toThrow('there is no nothing')
  expect(valueOf('nothing | default: v', { v: named('x') })).toBe('x')
})

test('what cannot be used is an error in spite of a default', () => {
  expect(() => valueOf('v | default: "x"', { v: { unusable: 'it is too long' } })).toThrow('it is too long')
})

test('what is known only later makes the whole known only later', () => {
  expect(comesTo('v | default: w | upper', { v: named('a'), w: { later: 'depends on x' } })).toEqual({
    later: 'depends on x',
  })
})

test('what is made of a secret is a secret', () => {
  expect(comesTo('v | default: w | base64', { v: named('a'), w: named('b', true) })).toEqual({
    value: 'YQ==',
    isSecret: true,
  })
})

test.each([
  ['a b', 'is not a placeholder'],
  ['', 'is not a placeholder'],
  ['.Names', 'is not a placeholder'],
  ['a == b', 'is not a placeholder'],
  ['not a', 'is not a placeholder'],
  ['(1..1000000000) | join', 'is not a placeholder'],
  ['a[b]', 'is not a placeholder'],
  ['"text".size', 'is not a placeholder'],
  ['nil', 'is not a placeholder'],
  ['empty', 'is not a placeholder'],
  ['a | raw | upper', 'raw stands last'],
  ['a | raw: 1', 'raw takes nothing behind it'],
  ['a | shout', 'there is no filter "shout"'],
  ['a | date: "%Y"', 'there is no filter "date"'],
  ['a | constructor', 'there is no filter "constructor"'],
  ['a | upper: 1', 'upper takes nothing behind it'],
  ['a | default', 'default takes one value behind it'],
  ['a | default: x, y', 'default takes one value behind it'],
  ['a | default: key: 1', 'default takes no names'],
  [`a${' | upper'.repeat(11)}`, 'more than 10 filters'],
  [`"${'x'.repeat(1000)}"`, 'longer than 1000 characters'],
])('%s is refused', (source, message) => {
  expect(() => readExpression(source)).toThrow(ExpressionError)
  expect(() => readExpression(source)).toThrow(message)
})

test.each<[value: unknown, message: string]>([
  [['a'], 'it is a list'],
  [{ a: 1 }, 'it is an object'],
  [null, 'it has no value'],
  ['a\0b', 'NUL'],
  ['half \ud83e', 'half of a character'],
  ['x'.repeat(1024 * 1024 + 1), 'longer than 1 MB'],
])('a value that is no text for a shell is refused', (value, message) => {
  expect(() => valueOf('v', { v: named(value) })).toThrow(message)
})

test('a text in a placeholder cannot make a NUL or half of a character either', () => {
  expect(() => valueOf('"a\\u0000"')).toThrow('NUL')
  expect(() => valueOf('"\\ud83e"')).toThrow('half of a character')
})

test('values stay within 1 MB between filters, and lists are not joined beyond it', () => {
  const long = named('x'.repeat(1_000_000))
  expect(() => valueOf('v | base64 | lower', { v: long })).toThrow('longer than 1 MB')
  const list = named(Array.from({ length: 2_000_000 }, () => 1))
  expect(() => valueOf('v | join', { v: list })).toThrow('longer than 1 MB')
})

test('nothing that objects inherit can be reached, and no method is called', () => {
  const trap = { toString: () => 'called', toLiquid: () => 'called', valueOf: () => 'called', size: 'own' }
  expect(() => valueOf('v', { v: named(trap) })).toThrow('it is an object')
  expect(() => valueOf('v.constructor', { v: named('x') })).toThrow('there is no v.constructor')
  expect(() => valueOf('__proto__')).toThrow('there is no __proto__')
})

test('placeholders are found with braces in their texts, and other braces are left alone', () => {
  const text = `docker ps --format '{{ "{{.Names}}" }}' \${x} {{ a | default: '}}' }} {{`
  const { placeholders, problems } = findPlaceholders(text)
  expect(problems).toEqual([])
  expect(placeholders.map(({ source }) => source)).toEqual(['"{{.Names}}"', `a | default: '}}'`])
})

test('a text made to be slow to look through is looked through quickly', () => {
  const texts = [
    '{{"'.repeat(300_000),
    '{{'.repeat(500_000),
    `{{ ${'a.'.repeat(400_000)} }}`,
    '{{ a b }}'.repeat(100_000),
  ]
  for (const text of texts) {
    const from = performance.now()
    findPlaceholders(text)
    expect(performance.now() - from).toBeLessThan(3_000)
  }
})
