import { afterAll, beforeAll } from 'vitest'
import { startHouse, type House, type Mode } from './house.ts'
import { moveIn, type Inhabited } from './inhabited.ts'
import { startMachines, type Machines } from './machines.ts'

/** Steps may run on the executor's machine, and a target that is gone is soon given up. */
const settings = { LOCAL_TRANSPORT: 'true', UNREACHABLE_SEC: '3' }

/** Starts a server and three machines before the tests of the enclosing `describe`, and takes them down after them. */
export const inhabit = (mode: Mode): Inhabited => {
  let house: House | undefined
  let machines: Machines | undefined
  beforeAll(async () => {
    ;[house, machines] = await Promise.all([startHouse(mode, settings), startMachines(3)])
  })
  afterAll(async () => {
    await machines?.[Symbol.asyncDispose]()
    await house?.stop()
    await house?.clear()
  })
  const there = <T>(thing: T | undefined): T => {
    if (thing === undefined) throw new Error('only tests may ask for it')
    return thing
  }
  return moveIn({ house: () => there(house), machines: () => there(machines) })
}
