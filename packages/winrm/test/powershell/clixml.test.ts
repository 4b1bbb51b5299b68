import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createClixmlDecoder, decodeEscapes, type PowerShellRecord } from '../../src/powershell/clixml.ts'

const OPEN = '<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
const objs = (...entries: string[]) => `#< CLIXML\r\n${OPEN}${entries.join('')}</Objs>`
const error = (text: string) => `<S S="Error">${text}_x000D__x000A_</S>`
const PROGRESS =
  '<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T><T>System.Object</T></TN><MS><I64 N="SourceId">1</I64><PR N="Record"><AV>Preparing modules for first use.</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC><T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj>'

const merged = (records: readonly PowerShellRecord[]) => {
  const texts: Record<string, string> = {}
  for (const { kind, text } of records) texts[kind] = (texts[kind] ?? '') + text
  return texts
}

/** What is understood when the text comes in pieces of so many bytes. */
const decode = (text: string, pieceBytes = Number.POSITIVE_INFINITY) => {
  const decoder = createClixmlDecoder()
  const bytes = Buffer.from(text)
  const records: PowerShellRecord[] = []
  for (let at = 0; at < bytes.length; at += pieceBytes)
    records.push(...decoder.push(bytes.subarray(at, at + pieceBytes)))
  return merged([...records, ...decoder.end()])
}

describe('the error stream of PowerShell', () => {
  test.each([
    ['errors as text', objs(error('At line:1'), error('  + throw')), { error: 'At line:1\r\n  + throw\r\n' }],
    ['progress alone is nothing', objs(PROGRESS), {}],
    [
      'warnings apart from errors',
      objs('<S S="warning">careful</S>', error('bad')),
      { warning: 'careful', error: 'bad\r\n' },
    ],
    ['verbose and debug apart', objs('<S S="verbose">v</S><S S="debug">d</S>'), { verbose: 'v', debug: 'd' }],
    ['plain text stays', 'plain text\r\n', { error: 'plain text\r\n' }],
    [
      'plain text around documents',
      `before\n${objs(PROGRESS)}between\n${objs(error('x'))}after`,
      { error: 'before\nbetween\nx\r\nafter' },
    ],
    [
      'two documents in a row',
      objs(error('a')) + objs(error('b')).slice('#< CLIXML\r\n'.length),
      { error: 'a\r\nb\r\n' },
    ],
    ['bad XML is shown as it is', `${OPEN}<S S="Error">x</T></Objs>`, { error: `${OPEN}<S S="Error">x</T></Objs>` }],
    ['a document without an end is shown as it is', `${OPEN}<S S="Error">x`, { error: `${OPEN}<S S="Error">x` }],
    ['characters beyond the first plane', objs('<S S="Error">_xD83D__xDE42_ ü</S>'), { error: '🙂 ü' }],
    [
      'objects that can be shown',
      objs('<Obj S="Error" RefId="0"><ToString>shown</ToString></Obj>'),
      { error: 'shown\r\n' },
    ],
    ['nothing', '', {}],
  ])('%s', (_what, text, expected) => {
    expect(decode(text)).toEqual(expected)
    expect(decode(text, 1)).toEqual(expected)
    expect(decode(text, 7)).toEqual(expected)
  })

  test('is understood the same in whatever pieces it comes', () => {
    const part = fc.oneof(
      fc.constantFrom('#< CLIXML\r\n', objs(PROGRESS), objs(error('e')), '<Obj', '#<', OPEN, '</Objs>', '🙂'),
      fc.string(),
    )
    fc.assert(
      fc.property(fc.array(part), fc.integer({ min: 1, max: 50 }), (parts, pieceBytes) => {
        expect(decode(parts.join(''), pieceBytes)).toEqual(decode(parts.join('')))
      }),
    )
  })

  test('never holds more than one document’s worth', () => {
    const decoder = createClixmlDecoder()
    const flood = Buffer.alloc(1_000_000, 'x')
    decoder.push(Buffer.from(OPEN))
    let shown = 0
    for (let n = 0; n < 20; n++) for (const { text } of decoder.push(flood)) shown += text.length
    expect(shown).toBeGreaterThan(19_000_000)
  })
})

describe('escapes', () => {
  test.each([
    ['_x000D__x000A_', '\r\n'],
    ['_x005F_x000D_', '_x000D_'],
    ['a_x_b', 'a_x_b'],
    ['_x00E4_', 'ä'],
  ])('%s', (written, meant) => {
    expect(decodeEscapes(written)).toBe(meant)
  })
})
