import { expect, test } from 'vitest'
import { parseSearch, stringifySearch } from './search-params.ts'

test('filters stand in the address as people write them, and empty ones not at all', () => {
  expect(stringifySearch({ q: 'web 1', environment: '', page: 2, archived: true, none: undefined })).toBe(
    '?q=web+1&page=2&archived=true',
  )
  expect(stringifySearch({})).toBe('')
})

test('a value that looks like a number stays the word that was written', () => {
  expect(parseSearch('?q=007&tag=true')).toEqual({ q: '007', tag: 'true' })
})
