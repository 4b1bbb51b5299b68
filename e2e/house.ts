import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { launchBrowser } from './kit/browser.ts'
import { inhabit } from './kit/inhabit.ts'
import type { Mode } from './kit/house.ts'
import { hasBrowser, hasSshd } from './kit/programs.ts'
import { atScale } from './walks/at-scale.ts'
import { badInput } from './walks/bad-input.ts'
import { cancelling } from './walks/cancelling.ts'
import { everyday } from './walks/everyday.ts'
import { live } from './walks/live.ts'
import { newcomer } from './walks/newcomer.ts'
import { opsctl } from './walks/opsctl.ts'
import { everyPage } from './walks/pages.ts'
import { windowsMachine } from './walks/windows.ts'

/**
 * Walks through the whole house: the same tests, however the services are divided among processes. Only the look of the
 * pages, which does not depend on that, is examined once.
 */
export const walkThrough = (services: string, mode: Mode) =>
  describe.runIf(hasSshd)(`the house with ${services}`, () => {
    const inhabited = inhabit(mode)
    describe.runIf(hasBrowser)('in the browser', () => {
      let browser: Browser
      beforeAll(async () => {
        browser = await launchBrowser()
      })
      afterAll(() => browser?.close())

      // the first, as it is the first log-in
      newcomer(inhabited, () => browser)
      cancelling(inhabited, () => browser)
      windowsMachine(inhabited, () => browser)
      everyday(inhabited, () => browser)
      atScale(inhabited, () => browser)
      everyPage(inhabited, () => browser, mode)
    })
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
