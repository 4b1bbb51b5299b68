import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cmdWarnings, readCmdTemplate, renderCmd, showCmd } from './cmd-rendering.ts'
import type { Lookup } from './expressions.ts'

const lookupOf =
  (values: Record<string, string>): Lookup =>
  ([name = '']) =>
    Object.hasOwn(values, name) ? { value: values[name], isSecret: name === 'secret' } : { missing: `no ${name}` }

const rendered = (text: string, values: Record<string, string>): string => {
  const { template, problems } = readCmdTemplate(text)
  expect(problems).toEqual([])
  return renderCmd(template, lookupOf(values))
}

describe('a value in cmd', () => {
  test.each([
    ['net stop {{ v }}', 'Spooler', 'net stop Spooler'],
    ['net stop {{ v }} & echo done', 'Print Spooler', 'net stop ^"Print Spooler^" & echo done'],
    ['echo {{ v }}', 'a&b', 'echo a^&b'],
    ['echo {{ v }}', '%PATH%', 'echo ^%^PATH^%'],
    ['echo {{ v }}', '', 'echo ^"^"'],
    ['copy "C:\\dir\\{{ v }}" D:', 'a & b (1)', 'copy "C:\\dir\\a & b (1)" D:'],
    ['findstr "{{ v }}" x.txt | more', 'a|b', 'findstr "a|b" x.txt | more'],
  ])('%j with %j is %j', (text, v, line) => {
    expect(rendered(text, { v })).toBe(line)
  })

  test.each([
    ['cmd /c {{ v }}', /second time/],
    ['echo a & call {{ v }}', /second time/],
    ['powershell -Command "{{ v }}"', /second time/],
    ["for /f %i in ('{{ v }}') do echo %i", /second time/],
    ['start "" {{ v }}', /second time/],
    ['dir C:\\{{ v }}', /backslash/],
    ['echo "a"{{ v }}', /quote/],
    ['echo {{ v }}>out', /redirection/],
    ['echo {{ v }} | more', /pipe/],
    ['echo ^{{ v }}', /caret/],
    ['echo a\necho {{ v }}', /one line/],
  ])('is refused in %j', (text, why) => {
    const { problems } = readCmdTemplate(text)
    expect(problems.map(({ message }) => message).join('\n')).toMatch(why)
  })

  test.each([
    ['echo {{ v }}', 'a\nb'],
    ['echo "{{ v }}"', 'a"b'],
    ['echo "{{ v }}"', '%PATH%'],
    ['echo "{{ v }}"', 'C:\\dir\\'],
  ])('%j cannot be handed %j', (text, v) => {
    expect(() => rendered(text, { v })).toThrow(/cmd cannot be handed/)
  })

  test('is shown as it will be, secrets masked and warned of', () => {
    const { template } = readCmdTemplate('net use {{ v }} {{ secret }}')
    expect(showCmd(template, lookupOf({ v: 'x y', secret: 'hunter2' }))).toBe('net use ^"x y^" ********')
    expect(cmdWarnings(template, ({ names }) => names.some(([name]) => name === 'secret'))).toHaveLength(1)
  })
})

/** What a program gets of a line: cmd.exe's percent signs, carets and quotes, then CommandLineToArgvW; from their manuals. */
const argumentsOf = (line: string, environment: Readonly<Record<string, string>>): string[] => {
  const expanded = line.replaceAll(/%([^%:]+)%/g, (whole, name: string) => environment[name] ?? whole)
  let text = ''
  let isQuoted = false
  for (let at = 0; at < expanded.length; at++) {
    const character = expanded[at] ?? ''
    if (character === '^' && !isQuoted) text += expanded[++at] ?? ''
    else if (!isQuoted && '&|<>()'.includes(character)) throw new Error(`an operator outside of quotes: ${line}`)
    else {
      if (character === '"') isQuoted = !isQuoted
      text += character
    }
  }
  const found: string[] = []
  for (const match of text.matchAll(
    /(?:[^\s"\\]|\\+(?!\\*")|\\*"(?:[^"\\]|\\+(?!\\*")|(?:\\\\)*\\"|(?:\\\\)+(?="))*"|(?:\\\\)*\\")+/g,
  )) {
    let argument = ''
    let isInside = false
    for (const part of match[0].matchAll(/(\\*)"|(\\+)|([^"\\]+)/g)) {
      const [, slashes, only, plain] = part
      if (slashes !== undefined) {
        argument += '\\'.repeat(slashes.length >> 1)
        if (slashes.length % 2 === 1) argument += '"'
        else isInside = !isInside
      } else argument += only ?? plain ?? ''
    }
    expect(isInside).toBe(false)
    found.push(argument)
  }
  return found
}

const attempts = [
  '"', '\\', '\\"', '^', '%', '%PATH%', '%v%', '&', '|', '<', '>', '(', ')', '!', ' ', '\t', "'", '`', ';', ',', '=', '*',
  '&started', '"&started&"', '^"', '\\\\', 'é', '🦊', '-x', '/c', '^^',
] // prettier-ignore

const value = fc
  .array(fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...attempts) }, fc.string({ maxLength: 5 })), {
    maxLength: 8,
  })
  .map((pieces) => pieces.join('').replaceAll(/[\0\r\n\v\f\u0085\u00a0]/g, ''))

const refused = expect.stringMatching(/cmd cannot be handed/) as string
const refusalOf = (work: () => unknown): string => {
  try {
    return `was not refused: ${JSON.stringify(work())}`
  } catch (error) {
    return (error as Error).message
  }
}

describe('whatever a value holds', () => {
  test('the program gets it as one argument, or it is refused', () => {
    const environment = { PATH: '"&started&"', v: '&started' }
    fc.assert(
      fc.property(value, (v) => {
        expect(argumentsOf(rendered('program {{ v }} end', { v }), environment)).toEqual(['program', v, 'end'])
        const inQuotes = () => argumentsOf(rendered('program "a {{ v }}" end', { v }), environment)
        const isRefused = /["%]|\\$/.test(v)
        expect(isRefused ? refusalOf(inQuotes) : inQuotes()).toEqual(isRefused ? refused : ['program', `a ${v}`, 'end'])
      }),
      { numRuns: 5_000 },
    )
  })
})
