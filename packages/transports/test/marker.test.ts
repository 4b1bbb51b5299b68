import { expect, test } from 'vitest'
import { createMarkerReader } from '../src/posix/marker.ts'

const nonce = '0123456789abcdef0123456789abcdef'
const read = (pieces: string[]) => {
  const reader = createMarkerReader(nonce, /^(run \d+)?$/)
  const rest = pieces.map((piece) => Buffer.from(reader.feed(Buffer.from(piece)) ?? '').toString()).join('')
  return { line: reader.line(), rest, chatter: reader.chatter() }
}

test('the marker is found in whatever pieces it arrives', () => {
  const text = `welcome\n${nonce} run 12\nfirst line\n`
  for (let size = 1; size <= text.length; size++) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    expect(read(pieces)).toEqual({ line: 'run 12', rest: 'first line\n', chatter: 'welcome' })
  }
})

test('without a marker all is chatter, and only the beginning of it is kept', () => {
  expect(read(['This account is ', 'not available.\n'])).toEqual({
    line: undefined,
    rest: '',
    chatter: 'This account is not available.',
  })
  expect(read(['a', 'b'].map((letter) => letter.repeat(1_000_000))).chatter.length).toBeLessThan(2_100)
})

test('a line with the nonce that is not the marker is passed over', () => {
  const reader = createMarkerReader(nonce, /^$/)
  expect(reader.feed(Buffer.from(`${nonce} run 12\n${nonce}\nout`))?.toString()).toBe('out')
})
