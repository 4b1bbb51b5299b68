import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { commandLineOf } from '../../src/cmd/command-line.ts'
import { CommandTooLongError, quoteArgument, quoteForCmd, quoteForPowerShell } from '../../src/index.ts'
import { readCmdLine, splitArguments } from '../../testing/cmd.ts'

describe('an argument for a program', () => {
  test.each([
    ['plain', 'plain'],
    ['', '""'],
    ['two words', '"two words"'],
    ['say "hi"', String.raw`"say \"hi\""`],
    [String.raw`C:\Program Files\x`, String.raw`"C:\Program Files\x"`],
    [String.raw`ends with \ `.trim(), String.raw`"ends with \\"`],
    [String.raw`a\\"b`, String.raw`"a\\\\\"b"`],
    [String.raw`C:\x\y`, String.raw`C:\x\y`],
  ])('%s is written as %s', (argument, written) => {
    expect(quoteArgument(argument)).toBe(written)
  })

  test('comes back from CommandLineToArgvW as it was', () => {
    const argument = fc.string({ unit: fc.constantFrom('a', ' ', '"', '\\', '\t', 'é') })
    fc.assert(
      fc.property(fc.array(argument), (args) => {
        expect(splitArguments(['x.exe', ...args.map(quoteArgument)].join(' '))).toEqual(['x.exe', ...args])
      }),
    )
  })
})

describe('an argument through cmd.exe', () => {
  test.each([
    ['a&b', 'a^&b'],
    ['%PATH%', '^%^PATH^%'],
    ['%PATH:a=b%', '^%^PATH:a=b^%'],
    ['100% "x"', '^"100^%^ \\^"x\\^"^"'],
    ['a b', '^"a b^"'],
    ['(x)!', '^(x^)^!'],
  ])('%s is written as %s', (argument, written) => {
    expect(quoteForCmd(argument)).toBe(written)
  })

  test('comes back as it was, and never becomes a second command', () => {
    const argument = fc.string({
      unit: fc.constantFrom('a', 'PATH', 'PATH:a=b', ':', '=', ' ', '"', '\\', '%', '^', '&', '|', '<', '>', '(', '!'),
    })
    fc.assert(
      fc.property(fc.array(argument), (args) => {
        const line = ['x.exe', ...args.map(quoteForCmd)].join(' ')
        expect(readCmdLine(line, { PATH: 'expanded' })).toMatchObject({ kind: 'program', argv: ['x.exe', ...args] })
      }),
    )
  })

  test('may not hold a line break', () => {
    expect(() => quoteForCmd('a\nb')).toThrow(/line break/)
  })
})

describe('a command line', () => {
  test('has room for as much as cmd.exe surely runs, and for more without it', () => {
    expect(commandLineOf('x', { args: ['a'.repeat(8_000)] })).toHaveLength(8_002)
    expect(() => commandLineOf('x', { args: ['a'.repeat(8_190)] })).toThrow(CommandTooLongError)
    expect(commandLineOf('x', { args: ['a'.repeat(32_000)], skipCmdShell: true })).toHaveLength(32_002)
    expect(() => commandLineOf('x', { args: ['a'.repeat(33_000)], skipCmdShell: true })).toThrow(CommandTooLongError)
  })
})

describe('a string in PowerShell', () => {
  test.each([
    ['plain', "'plain'"],
    ["it's", "'it''s'"],
    ['$x `n "y"', `'$x \`n "y"'`],
    ['‘typographic’', "'‘‘typographic’’'"],
  ])('%s is written as %s', (value, written) => {
    expect(quoteForPowerShell(value)).toBe(written)
  })
})
