import { expect, test } from 'vitest'
import { createGate } from '../src/ssh/gate.ts'

const never = new AbortController().signal
const gaveUp = () => new Error('gave up')

test('so many are let in at a time, in the order in which they came', async () => {
  const gate = createGate(2)
  const order: number[] = []
  const leaves: (() => void)[] = []
  const enter = async (name: number) => {
    leaves.push(await gate.enter(never, gaveUp))
    order.push(name)
  }
  const all = [1, 2, 3, 4].map(enter)
  await Promise.all(all.slice(0, 2))
  expect(order).toEqual([1, 2])
  leaves[0]?.()
  leaves[0]?.() // the second time changes nothing
  await all[2]
  expect(order).toEqual([1, 2, 3])
  leaves[1]?.()
  await all[3]
  expect(order).toEqual([1, 2, 3, 4])
})

test('who gives up waiting takes no place', async () => {
  const gate = createGate(1)
  const leave = await gate.enter(never, gaveUp)
  const impatient = new AbortController()
  const waiting = gate.enter(impatient.signal, gaveUp)
  impatient.abort()
  await expect(waiting).rejects.toThrow('gave up')
  leave()
  await expect(gate.enter(never, gaveUp)).resolves.toBeTypeOf('function')
})
