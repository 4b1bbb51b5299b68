import { ProblemError } from '@opsconductor/contract'
import { QueryClient, QueryObserver } from '@tanstack/react-query'
import { afterEach, expect, test, vi } from 'vitest'
import { isOutage, recoverAfterOutages } from './recovery.ts'

const silence = new TypeError('Failed to fetch')
const problem = (status: number) =>
  new ProblemError({ type: 'about:blank', title: '', status, code: 'internal', detail: '', requestId: '' })

let stop = () => {}
afterEach(() => stop())

/** A query on the screen whose first reading fails. */
const failing = (error: Error) => {
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } })
  const isBack = vi.fn<() => Promise<boolean>>().mockResolvedValue(true)
  stop = recoverAfterOutages({ client, isBack, everyMs: 5 })
  const queryFn = vi.fn<() => Promise<string>>().mockRejectedValueOnce(error).mockResolvedValue('read')
  const observer = new QueryObserver(client, { queryKey: ['list'], queryFn })
  observer.subscribe(() => {})
  return { client, isBack, observer, queryFn }
}

test('a list that could not be read in an outage is read when the server is back, and not before', async () => {
  const { isBack, observer, queryFn } = failing(silence)
  isBack.mockResolvedValueOnce(false).mockResolvedValueOnce(false)
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe('read'))
  expect(isBack).toHaveBeenCalledTimes(3)
  expect(queryFn).toHaveBeenCalledTimes(2)
})

test('a mistake in our own code is not taken for an outage', () => {
  expect(isOutage(new TypeError("Cannot read properties of undefined (reading 'name')"))).toBe(false)
  expect(isOutage(new TypeError('NetworkError when attempting to fetch resource.'))).toBe(true)
  expect(isOutage(new TypeError('Failed to fetch dynamically imported module: /assets/a.js'))).toBe(true)
  expect(isOutage(new Error('Unable to preload CSS for /assets/a.css'))).toBe(true)
})

test('a proxy that says that the server is away is an outage, too', async () => {
  const { observer } = failing(problem(502))
  await vi.waitFor(() => expect(observer.getCurrentResult().data).toBe('read'))
})

test('what the server answered is not asked again, however it failed', async () => {
  const { client, isBack, observer } = failing(problem(500))
  const other = new QueryObserver(client, {
    queryKey: ['other'],
    queryFn: vi.fn<() => Promise<string>>().mockRejectedValueOnce(silence).mockResolvedValue('read'),
  })
  other.subscribe(() => {})
  await vi.waitFor(() => expect(other.getCurrentResult().data).toBe('read'))
  expect(isBack).toHaveBeenCalledTimes(1)
  expect(observer.getCurrentResult().data).toBeUndefined()
})
