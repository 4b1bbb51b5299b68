import { describe, expect, test } from 'vitest'
import { inhabit } from './kit/inhabited.ts'
import type { Mode } from './kit/house.ts'
import { hasSshd } from './kit/programs.ts'
import { badInput } from './walks/bad-input.ts'
import { live } from './walks/live.ts'
import { opsctl } from './walks/opsctl.ts'

/** Walks through the whole house: the same tests, however the services are divided among processes. */
export const walkThrough = (services: string, mode: Mode) =>
  describe.runIf(hasSshd)(`the house with ${services}`, () => {
    const inhabited = inhabit(mode)
    opsctl(inhabited)
    live(inhabited)
    badInput(inhabited)

    test('at the end SIGINT stops every process with exit code 0, none has logged an error, and nothing is left behind', async () => {
      const house = inhabited.house()
      expect(await house.stop()).toEqual(house.servers.map(() => 0))
      expect(house.errors()).toEqual([])
      await house.clear()
    })
  })
