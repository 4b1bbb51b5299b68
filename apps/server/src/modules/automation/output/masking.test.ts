import { expect, test } from 'vitest'
import { createMasker, formsOf } from './masking.ts'

const secrets = ['s3cr3t-p@ss "word"', 'line one of a key\nline two of a key', "it's/got+signs"]

const maskAll = (secrets: readonly string[], pieces: readonly Buffer[]) => {
  const masker = createMasker(secrets)
  return Buffer.concat([...pieces.map((piece) => masker.push(piece)), masker.end()]).toString()
}

test('every form of a secret is masked, however the output is cut in two', () => {
  for (const secret of secrets) {
    for (const form of formsOf(secret)) {
      const output = Buffer.from(`before ${form} after`)
      for (let cut = 0; cut <= output.length; cut++) {
        const shown = maskAll(secrets, [output.subarray(0, cut), output.subarray(cut)])
        expect(shown, `${form} cut at ${cut}`).not.toContain(form)
        expect(shown.startsWith('before ')).toBe(true)
        expect(shown.endsWith(' after')).toBe(true)
      }
    }
  }
})

test('a secret that arrives byte by byte is masked', () => {
  const output = Buffer.from(`x${secrets[0]}y${secrets[0]}`)
  expect(
    maskAll(
      secrets,
      [...output].map((byte) => Buffer.from([byte])),
    ),
  ).toBe('x********y********')
})

test('base64 of a text that holds the secret is masked at every alignment', () => {
  for (const before of ['', 'a', 'ab', 'abc']) {
    const encoded = Buffer.from(`${before}correct horse battery`).toString('base64')
    const shown = maskAll(['correct horse'], [Buffer.from(encoded)])
    expect(shown).toContain('********')
  }
})

test('bytes that are no text pass unchanged', () => {
  const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256))
  const masker = createMasker(secrets)
  expect(Buffer.concat([masker.push(bytes), masker.end()])).toEqual(bytes)
})

test('nothing is held back that cannot become a secret', () => {
  expect(createMasker(['password1']).push(Buffer.from('hello\n')).toString()).toBe('hello\n')
})
