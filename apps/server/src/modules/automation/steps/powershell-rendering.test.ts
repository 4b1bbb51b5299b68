import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Lookup } from './expressions.ts'
import { readPowerShellTemplate, renderPowerShell, showPowerShell } from './powershell-rendering.ts'

const lookupOf =
  (values: Record<string, string>): Lookup =>
  ([name = '']) =>
    Object.hasOwn(values, name) ? { value: values[name], isSecret: name === 'secret' } : { missing: `no ${name}` }

const rendered = (text: string, values: Record<string, string>) => {
  const { template, problems } = readPowerShellTemplate(text)
  expect(problems).toEqual([])
  return renderPowerShell(template, lookupOf(values))
}

const refusals = (text: string) => readPowerShellTemplate(text).problems

describe('a value in PowerShell', () => {
  test('becomes a variable, handed over apart from the script', () => {
    expect(
      rendered('Restart-Service {{ svc }}; (Get-Service {{ svc }}).Status', { svc: "Spooler'; Remove-Item C:\\" }),
    ).toEqual({
      script: 'Restart-Service ${OC_1}; (Get-Service ${OC_1}).Status',
      variables: { OC_1: "Spooler'; Remove-Item C:\\" },
    })
  })

  test.each([
    ['Get-Item {{ v }}', 'Get-Item ${OC_1}'],
    ['$x={{ v }}', '$x=${OC_1}'],
    ['[int]{{ v }}', '[int]${OC_1}'],
    ['f -Name:{{ v }}', 'f -Name:${OC_1}'],
    ['@({{ v }},{{ v }})', '@(${OC_1},${OC_1})'],
    ['@{a={{ v }}}', '@{a=${OC_1}}'],
    ['"C:\\dir\\{{ v }}.txt"', '"C:\\dir\\${OC_1}.txt"'],
    ['"a `"{{ v }}`" $x ${y} b"', '"a `"${OC_1}`" $x ${y} b"'],
    ['"$(f {{ v }}) \'{{ v }}\'"', '"$(f ${OC_1}) \'${OC_1}\'"'],
    ['@"\n{{ v }} "quoted" {{ v }}\n"@', '@"\n${OC_1} "quoted" ${OC_1}\n"@'],
    ["# it's {{ v }}\nf {{ v }}", "# it's ${OC_1}\nf ${OC_1}"],
    ["<# it's {{ v }} #> f {{ v }}", "<# it's ${OC_1} #> f ${OC_1}"],
    ['f a#b {{ v }}', 'f a#b ${OC_1}'],
    ['if ($a) {\n  f {{ v }}\n}', 'if ($a) {\n  f ${OC_1}\n}'],
  ])('%j is run as %j', (text, script) => {
    expect(rendered(text, { v: 'value' })).toEqual({ script, variables: { OC_1: 'value' } })
  })

  test.each([
    ["'a {{ v }} b'", "'a it''s “so” b'"],
    ["f '{{ v }}'", "f 'it''s “so”'"],
    ["@'\n'{{ v }}'\n'@", "@'\n'it's “so”'\n'@"],
  ])('%j is a literal: %j', (text, script) => {
    expect(rendered(text, { v: "it's “so”" })).toEqual({ script, variables: {} })
  })

  test.each([
    ['f C:\\{{ v }}', /part of a word/],
    ['f {{ v }}.txt', /part of a word/],
    ['f {{ v }}[0]', /part of a word/],
    ['f --opt={{ v }}', /part of a word/],
    ['$env:{{ v }}', /part of a word/],
    ['${{{ v }}}', /name of a variable|part of a word/],
    ['"$env:{{ v }}"', /name of a variable/],
    ['"`{{ v }}"', /backtick/],
    ['f `{{ v }}', /backtick/],
    ['prog --% {{ v }}', /--%/],
    ['iex {{ v }}', /read as code/],
    ['Invoke-Expression "f {{ v }}"', /read as code/],
    ['iex "$(f {{ v }})"', /read as code/],
    ['"{{ v }}" | iex', /read as code/],
    ['cmd /c {{ v }}', /read as code/],
    ['& "C:\\Windows\\System32\\cmd.exe" /c "echo {{ v }}"', /read as code/],
    ['powershell.exe -Command "{{ v }}"', /read as code/],
    ['[scriptblock]::Create("{{ v }}")', /read as code/],
    ['Start-Process cmd -ArgumentList "/c {{ v }}"', /read as code/],
  ])('is refused in %j', (text, why) => {
    const problems = refusals(text)
    expect(problems).not.toEqual([])
    expect(problems[0]?.message).toMatch(why)
    expect(problems[0]).toMatchObject({ line: 1 })
  })

  test('is refused with line and column', () => {
    expect(refusals('f {{ v }}\n  iex {{ v }}')).toMatchObject([{ line: 2, column: 7 }])
  })

  test('that could end a literal here-string is refused when it is known', () => {
    for (const value of ["\n'@", "a'@b", '@'])
      expect(() => rendered("@'\n{{ v }}\n'@", { v: value })).toThrow(/here-string/)
  })

  test('is shown as it will be, secrets masked', () => {
    const { template } = readPowerShellTemplate('f {{ v }} {{ w }} "{{ w }}" {{ secret }}')
    expect(showPowerShell(template, lookupOf({ v: 'Spooler', w: "a'b$", secret: 'hunter2' }))).toBe(
      "f Spooler 'a''b$' \"a'b`$\" ********",
    )
  })
})

/**
 * As much of PowerShell as about_Quoting_Rules says of strings, written from that page and not from the code above: the
 * strings in a text, with their variables expanded.
 */
const stringsIn = (text: string, variables: Readonly<Record<string, string>>): string[] => {
  const singles = "'‘’‚‛"
  const doubles = '"“”„'
  const found: string[] = []
  const variableAt = (at: number) => {
    const name = /^\$\{(\w+)\}/.exec(text.slice(at))?.[1]
    return name === undefined ? undefined : { value: variables[name] ?? '', length: name.length + 3 }
  }
  for (let at = 0; at < text.length; at++) {
    const here = /^@(['"])\n/.exec(text.slice(at, at + 3))?.[1]
    const character = text[at] ?? ''
    if (here !== undefined) {
      // about_Quoting_Rules: the end is the first quote and @ at the beginning of a line
      const quotes = here === "'" ? singles : doubles
      const rest = text.slice(at + 2)
      const end = [...rest.matchAll(/\n(.)@/gu)].find((match) => quotes.includes(match[1] ?? ''))?.index ?? rest.length
      const body = rest.slice(1, end)
      found.push(here === "'" ? body : body.replaceAll(/\$\{(\w+)\}/g, (_whole, name: string) => variables[name] ?? ''))
      at += 2 + end + 2
    } else if (singles.includes(character)) {
      let value = ''
      for (at++; at < text.length; at++) {
        if (singles.includes(text[at] ?? '')) {
          if (!singles.includes(text[at + 1] ?? ' ')) break
          at++
        }
        value += text[at]
      }
      found.push(value)
    } else if (doubles.includes(character)) {
      let value = ''
      for (at++; at < text.length; at++) {
        const variable = variableAt(at)
        if (variable !== undefined) {
          value += variable.value
          at += variable.length - 1
          continue
        }
        if (text[at] === '`') at++
        else if (doubles.includes(text[at] ?? '')) {
          if (!doubles.includes(text[at + 1] ?? ' ')) break
          at++
        }
        value += text[at]
      }
      found.push(value)
    } else {
      const variable = variableAt(at)
      if (variable === undefined) continue
      found.push(variable.value)
      at += variable.length - 1
    }
  }
  return found
}

const attempts = [
  "'", '"', '`', '$', '\n', '\r', ';', '&', '|', '(', ')', '{', '}', '@', '#', '%', '‘', '’', '‚', '‛', '“', '”', '„',
  "'@", '"@', '\n\'@', '\n"@', '$(started)', '${OC_1}', '$env:PATH', '`n', "'; started; '", '"; started; "', '<#', '#>',
  '--%', '-Force', ' ', '\t', '\u2028', '\u0085', '🦊', '{{ v }}', 'é', '\\', '\\"',
] // prettier-ignore

const value = fc
  .array(
    fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...attempts) }, fc.string({ unit: 'binary', maxLength: 6 })),
    {
      maxLength: 8,
    },
  )
  .map((pieces) => pieces.join('').replaceAll('\0', '').toWellFormed())

describe('whatever a value holds', () => {
  test('it arrives as it is in every place, and nothing else changes', () => {
    const text =
      'f {{ v }} "a {{ v }} b" \'c {{ v }} d\' @"\nx {{ v }} "y"\n"@ (g {{ w }})\n"$(h {{ w }})" \'{{ w }}{{ v }}\' "end"'
    fc.assert(
      fc.property(value, value, (v, w) => {
        const { script, variables } = rendered(text, { v, w })
        expect(stringsIn(script.replace('"$(h ${OC_2})"', '${OC_2}'), variables)).toEqual([
          v,
          `a ${v} b`,
          `c ${v} d`,
          `x ${v} "y"`,
          w,
          w,
          `${w}${v}`,
          'end',
        ])
      }),
      { numRuns: 3_000 },
    )
  })

  test('a literal here-string holds it, or it is refused', () => {
    fc.assert(
      fc.property(value, (v) => {
        const { template } = readPowerShellTemplate("@'\n<{{ v }}\n{{ v }}>\n'@ 'end'")
        const holds = () => {
          try {
            return stringsIn(renderPowerShell(template, lookupOf({ v })).script, {})
          } catch (error) {
            return String(error).includes('here-string') ? 'refused' : error
          }
        }
        const isRefused = /['‘-‛]@|^@/.test(v)
        expect(holds()).toEqual(isRefused ? 'refused' : [`<${v}\n${v}>`, 'end'])
      }),
      { numRuns: 2_000 },
    )
  })
})
