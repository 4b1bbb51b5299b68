import { execFileSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createMasker, maskText } from './masking.ts'
import { compileMatcher, type Matcher } from './secret-matcher.ts'

const mask = (matcher: Matcher, pieces: readonly Buffer[]) => {
  const masker = createMasker(matcher)
  return Buffer.concat([...pieces.map((piece) => masker.push(piece)), masker.end()]).toString('latin1')
}
const secrets = [
  's3cr3t-p@ss "word"',
  'line one of a key\nline two of a key',
  "it's/got+signs\\&%$`more`",
  'žluťoučký 🦊 kůň',
  '4711',
]
const escaped = (text: string, signs: RegExp, by: string) => text.replace(signs, (sign) => by + sign)
const percent = (text: string) =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')
const wrap = (text: string, columns: number, lineEnd = '\n') =>
  text.match(new RegExp(`.{1,${columns}}`, 'gsu'))?.join(lineEnd) ?? ''
const inBase64 = (text: string, before: number, encoding: 'utf8' | 'utf16le' = 'utf8') =>
  Buffer.concat([Buffer.alloc(before, '~'), Buffer.from(text, encoding), Buffer.alloc(3, '~')]).toString('base64')

/** How the secret was written, and what of it is left over at the sides: signs that also belong to neighbours. */
const writings: Record<string, (secret: string) => string> = {
  'as it is': (secret) => secret,
  'with CRLF': (secret) => secret.replaceAll('\n', '\r\n'),
  encodeURIComponent: encodeURIComponent,
  'encodeURIComponent, lower case': (secret) =>
    encodeURIComponent(secret).replace(/%../g, (code) => code.toLowerCase()),
  'a form': (secret) => new URLSearchParams({ '': secret }).toString().slice(1),
  'percent, every byte': percent,
  'percent, every byte, upper case': (secret) => percent(secret).toUpperCase(),
  JSON: (secret) => JSON.stringify(secret).slice(1, -1),
  'JSON twice': (secret) => JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  'JSON in ASCII': (secret) =>
    JSON.stringify(secret)
      .slice(1, -1)
      .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
  'JSON with \\/': (secret) => JSON.stringify(secret).slice(1, -1).replaceAll('/', '\\/'),
  "sh '…'": (secret) => secret.replaceAll("'", String.raw`'\''`),
  'sh of dash -x': (secret) => secret.replaceAll("'", `'"'"'`),
  'sh "…"': (secret) => escaped(secret, /[$`"\\]/g, '\\'),
  "PowerShell '…'": (secret) => secret.replaceAll("'", "''"),
  'PowerShell "…"': (secret) => escaped(secret, /[$`"]/g, '`').replaceAll('\n', '`n'),
  XML: (secret) =>
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&apos;'),
  hex: (secret) => Buffer.from(secret).toString('hex'),
  HEX: (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
  'hex with colons': (secret) => Buffer.from(secret).toString('hex').match(/../g)?.join(':') ?? '',
  'UTF-16': (secret) => Buffer.from(secret, 'utf16le').toString('latin1'),
}
for (const columns of [16, 64, 76, 80]) {
  writings[`as it is, wrapped at ${columns}`] = (secret) => (secret.includes('\n') ? secret : wrap(secret, columns))
  writings[`hex, wrapped at ${columns}`] = (secret) => wrap(Buffer.from(secret).toString('hex'), columns)
}

/** No four signs of it in a row are left. */
const leaks = (shown: string, written: string) => {
  for (let at = 0; at + 4 <= written.length; at++) {
    const four = written.slice(at, at + 4)
    if (!/[\r\n]/.test(four) && shown.includes(four)) return four
  }
  return null
}

const cutEverywhere = (matcher: Matcher, output: Buffer, check: (shown: string, where: string) => void) => {
  const whole = mask(matcher, [output])
  check(whole, 'whole')
  for (let cut = 1; cut < output.length; cut++) {
    expect(mask(matcher, [output.subarray(0, cut), output.subarray(cut)]), `cut at ${cut}`).toBe(whole)
  }
  const bytes = [...output].map((byte) => Buffer.from([byte]))
  expect(mask(matcher, bytes), 'byte by byte').toBe(whole)
}

describe.each(secrets.map((secret) => [secret]))('%j', (secret) => {
  const matcher = compileMatcher(secrets)

  test.each(Object.entries(writings))('written %s is masked, wherever the output is cut', (_, write) => {
    const written = Buffer.from(write(secret), write(secret) === writings['UTF-16']?.(secret) ? 'latin1' : 'utf8')
    const output = Buffer.concat([Buffer.from('<#'), written, Buffer.from('#>\n')])
    cutEverywhere(matcher, output, (shown) => {
      expect(shown).toMatch(/^<#\**(\r?\n\**)*(\*\*\*\*\*\*\*\*)[\s*]*#>\n$/)
      expect(shown.replace(/[*\r\n]/g, '')).toBe('<##>')
    })
  })

  test.each([0, 1, 2, 3, 25, 61])(
    'in base64 behind %i bytes it is masked, in both alphabets, wrapped or not',
    (before) => {
      for (const encoding of ['utf8', 'utf16le'] as const) {
        const plain = inBase64(secret, before, encoding)
        // at the sides the signs belong to the neighbours too
        const [from, to] = [
          Math.ceil((before * 4) / 3),
          Math.floor(((before + Buffer.byteLength(secret, encoding)) * 4) / 3),
        ]
        const own = plain.slice(from, to)
        for (const written of [plain, plain.replaceAll('+', '-').replaceAll('/', '_'), encodeURIComponent(plain)]) {
          for (const output of [
            written,
            wrap(written, 64),
            wrap(written, 76, '\r\n'),
            wrap(written, 76, '\\n'),
            wrap(written, 76, '\n    '),
          ]) {
            cutEverywhere(matcher, Buffer.from(output), (shown) => {
              expect(shown).toContain('********')
              expect(leaks(shown.replaceAll(/\s|\\n/g, ''), own)).toBeNull()
            })
          }
        }
      }
    },
  )
})

test('what bash and PowerShell-like tools make of a secret is masked', () => {
  const shells = ['a b\tc"d\'e$f`g\\h', "it's; rm -rf *", 'tab\tand\nnewline and \x01', '~user#!{}[]^,=', 'ünï cödé']
  for (const secret of shells) {
    for (const how of [
      `printf %q "$1"`,
      `echo "\${1@Q}"`,
      `set -x; : "$1"`,
      `declare -p 1 2>/dev/null || x=$1; declare -p x`,
    ]) {
      const script = `{ ${how}; } 2>&1`
      const output = execFileSync('bash', ['-c', script, 'bash', secret], {
        env: { ...process.env, LC_ALL: 'C' },
      }).toString('latin1')
      const shown = mask(compileMatcher([secret]), [Buffer.from(output, 'latin1')])
      expect(shown, `of ${output}`).toContain('********')
      expect(leaks(shown, secret), `${output} became ${shown}`).toBeNull()
    }
  }
})

test('of a private key no line is shown, alone or in any order, and its frame is', () => {
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString()
  const matcher = compileMatcher([key])
  const lines = key.trim().split('\n')
  for (const output of [
    key,
    lines.toReversed().join('\n'),
    lines.map((line) => `    ${line}`).join('\r\n'),
    lines.join(' '),
    JSON.stringify({ key }),
    lines.map((line) => `+${line}`).join('\n'),
  ]) {
    const shown = mask(matcher, [Buffer.from(output)])
    for (const line of lines.slice(1, -1).filter(({ length }) => length >= 8))
      expect(shown).not.toContain(line.slice(0, 8))
  }
  expect(mask(matcher, [Buffer.from(lines[0] ?? '')])).toBe('-----BEGIN PRIVATE KEY-----')
  expect(mask(matcher, [Buffer.from(key)]).split('\n')).toHaveLength(key.split('\n').length)
})

const anySecret = fc
  .string({ unit: 'grapheme', minLength: 4, maxLength: 40 })
  .filter((text) => Array.from(text.trim()).length >= 4)
const anyWriting = fc.constantFrom(...Object.values(writings).filter((write) => write !== writings['UTF-16']))

test('any secret in any writing is masked, however the output is cut', () => {
  fc.assert(
    fc.property(anySecret, anyWriting, fc.array(fc.nat(), { maxLength: 8 }), (secret, write, cuts) => {
      const output = Buffer.from(`<${write(secret.trim())}>`)
      const places = [...new Set(cuts.map((cut) => cut % output.length))].toSorted((a, b) => a - b)
      const pieces = [0, ...places].map((from, index) => output.subarray(from, places[index] ?? output.length))
      const shown = mask(compileMatcher([secret]), pieces)
      // an escape before the first sign is not part of it
      expect(shown).toMatch(/^<[\\`'"%]*[\s*]*\*{8}[\s*]*>$/)
    }),
    { numRuns: 2_000 },
  )
})

test('nothing but the secret changes', () => {
  const matcher = compileMatcher(secrets)
  const whole = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ unit: 'binary-ascii', maxLength: 300 }).map((text) => Buffer.from(text)),
  )
  fc.assert(
    fc.property(whole, whole, fc.nat(), (before, after, cut) => {
      fc.pre(![before, after].some((bytes) => Buffer.from(bytes).toString('latin1').includes('4711')))
      const [head, tail] = [Buffer.from(before), Buffer.from(after)]
      const output = Buffer.concat([head, Buffer.from('<4711>'), tail])
      const at = cut % output.length
      const shown = Buffer.from(mask(matcher, [output.subarray(0, at), output.subarray(at)]), 'latin1')
      expect(shown.equals(Buffer.concat([head, Buffer.from('<********>'), tail]))).toBe(true)
    }),
    { numRuns: 2_000 },
  )
})

test('in a long output every secret is found, wherever pieces begin', () => {
  const masker = createMasker(compileMatcher(['4711', ...secrets.slice(0, 1), ...secrets.slice(2, 4)]))
  const line = Buffer.from("2026-11-21 request 12345 took 17 ms: s3cr ok, it's fine, 47 of 11\n")
  const [shown, expected]: string[][] = [[], []]
  for (let index = 0; index < 45_000; index++) {
    const secret = index % 37 === 0 ? '4711' : index % 41 === 0 ? (secrets[0] ?? '') : ''
    const output = Buffer.concat([line.subarray(index % line.length), Buffer.from(secret), line])
    const cut = (index * 31) % output.length
    for (const piece of [output.subarray(0, cut), output.subarray(cut)]) shown?.push(masker.push(piece).toString())
    expected?.push(`${line.toString().slice(index % line.length)}${secret === '' ? '' : '********'}${line.toString()}`)
  }
  expect([...(shown ?? []), masker.end().toString()].join('') === expected?.join('')).toBe(true)
})

test('secrets side by side are two, overlapping ones are one', () => {
  expect(mask(compileMatcher(['abcdef']), [Buffer.from('abcdefabcdef')])).toBe('****************')
  expect(mask(compileMatcher(['abcdef', 'efgh']), [Buffer.from('xabcdefghx')])).toBe('x********x')
  expect(mask(compileMatcher(['abcdef', 'cd12']), [Buffer.from('abcd12')])).toBe('ab********')
})

test('a secret that fills the output takes no memory', () => {
  const masker = createMasker(compileMatcher(['0000']))
  let shown = ''
  for (let piece = 0; piece < 100; piece++) {
    shown += masker.push(Buffer.alloc(10_000, '0')).toString()
    expect(masker.held().length).toBeLessThan(100)
  }
  expect(shown + masker.end().toString()).toBe('********')
})

test('numbers in a column are not a secret that was wrapped', () => {
  const column = Buffer.from(Array.from({ length: 9 }, (_, index) => `${index + 1}\n`).join(''))
  expect(mask(compileMatcher(['12345678']), [column])).toBe(column.toString())
})

test('nothing is held back that cannot become a secret, and a line that has ended is shown after a while', () => {
  const masker = createMasker(compileMatcher(['password1']))
  expect(masker.push(Buffer.from('hello\n')).toString()).toBe('hello\n')
  expect(masker.push(Buffer.from('go on')).toString()).toBe('go on')
  expect(masker.push(Buffer.from(' pass')).toString()).toBe(' ')
  expect(masker.settle().toString()).toBe('')
  expect(masker.push(Buffer.from('es')).toString()).toBe('passes')
  expect(masker.push(Buffer.from(' up\n')).toString()).toBe(' u')
  expect(masker.settle().toString()).toBe('p\n')
  expect(masker.push(Buffer.from('password1')).toString()).toBe('********')
})

test('a message is masked as an output is', () => {
  expect(maskText(compileMatcher(['hunter22']), 'it said: hunter22, 68756e7465723232')).toBe(
    'it said: ********, ********',
  )
})
