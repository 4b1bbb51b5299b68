import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test, type TestContext } from 'vitest'
import type { Lookup } from './expressions.ts'
import { readShTemplate, renderSh } from './sh-rendering.ts'

/**
 * Values of any kind, in every place that takes one, in real shells: what arrives is compared byte by byte, and every
 * program that a value could have started would have left a mark.
 */
const isCi = process.env['CI'] === 'true'
/** In each shell that these tests need, 100,000 in all; each string stands in every place. */
const manyStrings = isCi ? 25_000 : 2_000
const fewStrings = 2_000
const batchSize = 150

type Shell = { name: string; command: [string, ...string[]]; isNeeded: boolean }
const where = (name: string) =>
  ['/bin', '/usr/bin', '/usr/local/bin', '/opt/homebrew/bin']
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path))
const shellAt = (name: string, isNeeded: boolean, ...rest: string[]): (Shell & { isHere: boolean })[] => {
  const path = where(name)
  return [{ name: [name, ...rest].join(' '), command: [path ?? name, ...rest], isNeeded, isHere: path !== undefined }]
}
const shells = [
  ...shellAt('dash', true),
  ...shellAt('bash', true),
  ...shellAt('busybox', true, 'sh'),
  // one ksh must be here; where both are, this one counts
  ...shellAt('ksh93', where('ksh93') !== undefined || where('mksh') === undefined),
  ...shellAt('mksh', where('ksh93') === undefined && where('mksh') !== undefined),
  ...shellAt('zsh', false),
]

/** What an attacker would try, between characters of any kind. */
const attempts = [
  "'", '"', '`', '\\', '$', '\n', '\r', '\t', ' ', ';', '&', '|', '<', '>', '(', ')', '{', '}', '[', ']', '*', '?', '~',
  '!', '#', '%', '^', '=', '\u0001', '\u001b', '\u007f', '\u0080', '\u00ad', '\u2028', '\ufeff', '\u{10ffff}', '🦊',
  '$(started)', '`started`', '"; started; "', "'; started; '", '\nstarted\n', '| started', '& started &', '> started',
  '${IFS}started', '$((started))', '$(<started)', '<(started)', '{a,b}', '~root', '$HOME', '${OC_1}', '$OC_1', '{{ v0 }}',
  'END_OF_TEXT', '\nEND_OF_TEXT\nstarted\n', '\\\n', "$'\\n'", '-n', '-e', '--', '%s', '\\c', '\\0', '!!', '$!', '$$',
] // prettier-ignore

const text = fc
  .array(
    fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...attempts) }, fc.string({ unit: 'binary', maxLength: 8 })),
    {
      maxLength: 8,
    },
  )
  .map((pieces) => pieces.join('').replaceAll('\0', '').toWellFormed())

/**
 * Scripts with each value in each place, for one shell: starting it is most of what they cost. A script may have no more
 * than 1,000 placeholders, so there are several. What they write is known to the byte.
 */
const scriptsFor = (shell: readonly string[]) => {
  const names = Array.from({ length: batchSize }, (_, index) => `v${index}`)
  const places: [script: string, output: (value: string) => string][] = [
    ['out {{ $ }}', (value) => `${value}\0`],
    ['out a{{ $ }}b{{ $ }}', (value) => `a${value}b${value}\0`],
    ['out "a \'{{ $ }}\' b"', (value) => `a '${value}' b\0`],
    ['out \'a "{{ $ }}" b\'', (value) => `a "${value}" b\0`],
    ['x={{ $ }}; out "$x"', (value) => `${value}\0`],
    ['x="{{ $ | default: "" }}" && { out "$x"; } # it\'s {{ $ }}', (value) => `${value}\0`],
    ['for x in {{ $ }}; do out "$x"; done', (value) => `${value}\0`],
    ['case {{ $ }} in "{{ $ }}") out yes;; *) out no;; esac', () => 'yes\0'],
  ]
  const inPlaces = (some: typeof places) =>
    some.flatMap(([script]) => names.map((name) => script.replaceAll('$ ', `${name} `)))
  const inner = `printf '%s\\0' ${names.map((name) => `{{ ${name} }} "a{{ ${name} }}b"`).join(' ')}`
  const documents = [
    'cat <<END_OF_TEXT',
    ...names.map((name) => `<{{ ${name} }}>`),
    'END_OF_TEXT',
    `cat <<-END_OF_TEXT`,
    ...names.map((name) => `\tit's "{{ ${name} }}"`),
    '\tEND_OF_TEXT',
  ]
  const nested = [
    // what was made of single quotes here is no quote for the outer shell
    `${shell.join(' ')} -c '${inner.replaceAll("'", '"')}'`,
    `${shell.join(' ')} -c "${inner.replace(/["\\]/g, String.raw`\$&`)}"`,
    `out "$(printf '%s.' {{ v0 }} "{{ v1 }}" '{{ v2 }}')"`,
  ]
  const scripts = [inPlaces(places.slice(0, 4)), inPlaces(places.slice(4)), documents, nested]
  const output = (values: readonly string[]) => {
    const nestedOutput = values.map((value) => `${value}\0a${value}b\0`).join('')
    return [
      ...places.flatMap(([, shown]) => values.map(shown)),
      ...values.map((value) => `<${value}>\n`),
      ...values.map((value) => `it's "${value}"\n`),
      nestedOutput,
      nestedOutput,
      `${values
        .slice(0, 3)
        .map((value) => `${value}.`)
        .join('')}\0`,
    ].join('')
  }
  return { scripts: scripts.map((lines) => lines.join('\n')), output }
}

describe.each(shells)('values in $name', ({ name, command, isHere, isNeeded }) => {
  let folder = ''
  let [bin, cwd, mark, file] = ['', '', '', '']
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'opsconductor-values-'))
    ;[bin, cwd, mark, file] = [join(folder, 'bin'), join(folder, 'cwd'), join(folder, 'mark'), join(folder, 'script')]
    mkdirSync(bin)
    mkdirSync(cwd)
    writeFileSync(join(bin, 'started'), `#!/bin/sh\necho started >> ${mark}\n`)
    chmodSync(join(bin, 'started'), 0o755)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  const run = (script: string, locale: string) => {
    // mksh has no printf of its own, and a program for each value would take long
    const out = name === 'mksh' ? `out() { print -nr -- "$1"; print -n '\\000'; }` : `out() { printf '%s\\0' "$1"; }`
    // from a pipe a shell reads byte by byte, which is most of the time it would take
    writeFileSync(file, `${out}\n${script}\n`)
    const [program, ...rest] = command
    return spawnSync(program, [...rest, file], {
      cwd,
      env: { PATH: `${bin}:/usr/bin:/bin`, HOME: cwd, LC_ALL: locale },
      maxBuffer: 64 * 1024 * 1024,
    })
  }

  const check = (verify: () => void) => (context: TestContext) => {
    if (isHere) return verify()
    if (isCi && isNeeded) throw new Error(`${name} is not installed: these tests need it`)
    return context.skip(`${name} is not installed here`)
  }
  const strings = isNeeded ? manyStrings : fewStrings

  test(
    'the marks of these tests are seen where a value is put in unquoted',
    check(() => {
      const { template } = readShTemplate('out {{ v | raw }}')
      run(
        renderSh(template, () => ({ value: '$(started)', isSecret: false })),
        'C',
      )
      expect(existsSync(mark)).toBe(true)
      rmSync(mark)
    }),
  )

  test(
    `${strings.toLocaleString('en')} random strings arrive as they are in every place, and start nothing`,
    check(() => {
      const { scripts, output } = scriptsFor(command)
      const templates = scripts.map((script) => {
        const { template, problems } = readShTemplate(script)
        expect(problems).toEqual([])
        return template
      })
      const values = fc.array(text, { minLength: batchSize, maxLength: batchSize })
      fc.assert(
        fc.property(values, fc.constantFrom('C', 'C.UTF-8'), (values, locale) => {
          const lookup: Lookup = ([v = '']) => ({ value: values[Number(v.slice(1))], isSecret: false })
          const { stdout, stderr, status } = run(
            templates.map((template) => renderSh(template, lookup)).join('\n'),
            locale,
          )
          expect(stderr.toString()).toBe('')
          expect(status).toBe(0)
          // latin1 keeps every byte, and is shown when they differ
          expect(stdout.toString('latin1')).toBe(Buffer.from(output(values)).toString('latin1'))
          expect(existsSync(mark)).toBe(false)
          expect(readdirSync(cwd)).toEqual([])
        }),
        { numRuns: Math.ceil(strings / batchSize), endOnFailure: true },
      )
    }),
    900_000, // on a machine that has much else to do
  )
})
