import { expect, test } from 'vitest'
import { createClosing } from './closing.ts'

test('everything is closed, the last first, also when something cannot be, and once', async () => {
  const closed: string[] = []
  const closing = createClosing()
  closing.add(async () => closed.push('database'))
  closing.add(() => Promise.reject(new Error('stuck')))
  closing.add(async () => closed.push('queue'))
  await expect(closing.close()).rejects.toThrow('stuck')
  expect(closed).toEqual(['queue', 'database'])
  await closing.close()
  expect(closed).toEqual(['queue', 'database'])
})
