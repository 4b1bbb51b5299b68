import { expect, test } from 'vitest'
import { gathered } from './gather.ts'

type Ask = { key: string; number: number }

/** Handles on command, and tells what it was given together. */
const startGathering = (fails: (numbers: readonly number[]) => boolean = () => false) => {
  const batches: number[][] = []
  let goOn = Promise.withResolvers<void>()
  const ask = gathered<Ask, string>({
    keyOf: ({ key }) => key,
    handle: async (asks) => {
      const numbers = asks.map(({ number }) => number)
      batches.push(numbers)
      await goOn.promise
      if (fails(numbers)) throw new Error(`cannot do ${numbers.join(' and ')}`)
      return numbers.map((number) => `done ${number}`)
    },
    isOfOne: (error) => error instanceof Error && error.message.includes('4'),
  })
  return {
    batches,
    ask: (number: number, key = 'one') => ask({ key, number }),
    goOn: () => {
      goOn.resolve()
      goOn = { ...goOn, promise: Promise.resolve() }
    },
  }
}

test('the first goes at once, and those that come meanwhile go together', async () => {
  const { ask, batches, goOn } = startGathering()
  const answers = [ask(1), ask(2), ask(3)]
  expect(batches).toEqual([[1]])
  goOn()
  expect(await Promise.all(answers)).toEqual(['done 1', 'done 2', 'done 3'])
  expect(batches).toEqual([[1], [2, 3]])
  expect(await ask(4)).toBe('done 4')
})

test('what has nothing in common does not wait for each other', async () => {
  const { ask, batches, goOn } = startGathering()
  const answers = [ask(1, 'one'), ask(2, 'two')]
  expect(batches).toEqual([[1], [2]])
  goOn()
  await Promise.all(answers)
})

test('one that cannot be done keeps nobody else from it', async () => {
  const { ask, goOn } = startGathering((numbers) => numbers.includes(4))
  const answers = [ask(1), ask(3), ask(4), ask(5)]
  goOn()
  expect(await Promise.allSettled(answers)).toMatchObject([
    { value: 'done 1' },
    { value: 'done 3' },
    { reason: { message: 'cannot do 4' } },
    { value: 'done 5' },
  ])
})

test('where what they have in common failed, all are told, and nothing is done again', async () => {
  const { ask, batches, goOn } = startGathering((numbers) => numbers.includes(6))
  const answers = [ask(1), ask(6), ask(7)]
  goOn()
  expect(await Promise.allSettled(answers)).toMatchObject([
    { value: 'done 1' },
    { reason: { message: 'cannot do 6 and 7' } },
    { reason: { message: 'cannot do 6 and 7' } },
  ])
  expect(batches).toEqual([[1], [6, 7]])
})
