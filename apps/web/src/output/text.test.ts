import { expect, test } from 'vitest'
import { spansOf } from './ansi.ts'
import { contrast, contrastMin, paper, readable, type Colour } from './colours.ts'
import { markSpans, nextMatch, occurrencesOf } from './matches.ts'
import { clipLength, plainOf, shownOf, splitEscapes } from './printable.ts'

const esc = '\u001B'

test('colours become spans, and other sequences vanish', () => {
  const { text } = shownOf(
    `${esc}[2K${esc}]8;;https://example.org\u0007link${esc}]8;;\u0007 ${esc}[31mred${esc}[0m`,
    false,
  )
  const spans = spansOf(text)
  expect(spans.map(({ text }) => text).join('')).toBe('link red')
  expect(spans.at(-1)?.paint?.colourLight).toMatch(/^rgb/)
  expect(plainOf(`${esc}[1;31mred${esc}[0m`)).toBe('red')
})

test('every colour can be read on both papers and on any background', () => {
  const steps = [0, 51, 102, 153, 204, 255]
  for (const red of steps)
    for (const green of steps)
      for (const blue of steps) {
        const colour: Colour = [red, green, blue]
        for (const background of [paper.light, paper.dark, [187, 0, 0], [0, 187, 0], [118, 118, 118]] as Colour[]) {
          expect(contrast(readable(colour, background), background)).toBeGreaterThanOrEqual(contrastMin)
        }
      }
})

test('binary is written out rather than drawn', () => {
  expect(splitEscapes('a\u0000\u0007b\u202E')).toEqual([
    { text: 'a', isEscape: false },
    { text: String.raw`\x00\x07`, isEscape: true },
    { text: 'b', isEscape: false },
    { text: String.raw`\u202e`, isEscape: true },
  ])
  expect(splitEscapes('\uD83D')).toEqual([{ text: String.raw`\ud83d`, isEscape: true }])
  expect(splitEscapes('tab\tand 😀 stay')).toEqual([{ text: 'tab\tand 😀 stay', isEscape: false }])
})

test('a progress bar shows what a terminal would, and everything on demand', () => {
  expect(shownOf('10%\r50%\r100%\r', false)).toMatchObject({ text: '100%', overwrites: 2 })
  expect(shownOf('long line\rshort', false).text).toBe('shortline')
  expect(shownOf('10%\r50%', true).text).toBe('10%␍50%')
  expect(shownOf('windows line\r', false)).toMatchObject({ text: 'windows line', overwrites: 0 })
})

test('a very long line is clipped, never inside a character', () => {
  const shown = shownOf('😀'.repeat(5000), false)
  expect(shown.isClipped).toBe(true)
  expect(shown.text.length).toBeLessThanOrEqual(clipLength)
  expect(shown.text.endsWith('😀')).toBe(true)
  expect(shownOf(`${'a'.repeat(clipLength - 1)}😀`, false).text).toHaveLength(clipLength - 1)
})

test('matches are marked across spans', () => {
  const marked = markSpans([{ text: 'one er' }, { text: 'ror two' }], 'ERROR')
  expect(marked.filter(({ isMatch }) => isMatch).map(({ text }) => text)).toEqual(['er', 'ror'])
  expect(marked.map(({ text }) => text).join('')).toBe('one error two')
  expect(occurrencesOf('aaaa', 'aa')).toEqual([0, 2])
})

test('next and previous match go around the ends', () => {
  const matches = [3, 7, 9].map((line) => ({ line, stream: 'stdout' as const, text: '' }))
  expect(nextMatch(matches, 3, 'next')).toBe(1)
  expect(nextMatch(matches, 9, 'next')).toBe(0)
  expect(nextMatch(matches, 3, 'previous')).toBe(2)
  expect(nextMatch([], 3, 'next')).toBe(-1)
})
