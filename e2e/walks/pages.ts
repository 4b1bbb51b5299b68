import { AxeBuilder } from '@axe-core/playwright'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logInByForm, openWindow, type Window } from '../kit/browser.ts'
import type { Mode } from '../kit/house.ts'
import { chosenPassword, type Inhabited } from '../kit/inhabited.ts'
import { furnish, type References } from '../kit/furniture.ts'
import { addressOf, inScheme, openPage, pages, someFrames, widths } from '../kit/pages.ts'

const rulesOfColour = ['color-contrast', 'link-in-text-block']
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

// without frames in the page the plain way of axe says the same, and opens no second page
const violationsOf = async (page: Page, choose: (axe: AxeBuilder) => AxeBuilder): Promise<string[]> => {
  const { violations } = await choose(new AxeBuilder({ page }).setLegacyMode()).analyze()
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  )
}

const sideways = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'

/** Pixels that stick out to the right of a window of that width. */
const overhang = async (page: Page, width: number): Promise<number> => {
  await page.setViewportSize({ width, height: 900 })
  await page.evaluate(someFrames)
  return page.evaluate<number>(sideways)
}

/** Everything that is wanted of a page, looked at in both schemes and at three widths; gives back what is wrong. */
const lookAt = async (page: Page): Promise<string[]> => {
  const wrong: string[] = []
  for (const width of widths) {
    const sticksOut = await overhang(page, width)
    if (sticksOut > 0) wrong.push(`at ${width} px it scrolls sideways by ${sticksOut} px`)
  }
  await page.setViewportSize({ width: 1280, height: 900 })
  await inScheme(page, 'light')
  wrong.push(...(await violationsOf(page, (axe) => axe.withTags(standards))))
  // between the schemes nothing differs but colours
  await inScheme(page, 'dark')
  const inTheDark = await violationsOf(page, (axe) => axe.withRules(rulesOfColour))
  return [...wrong, ...inTheDark.map((violation) => `dark: ${violation}`)]
}

/** Apart, the pages are the same and only what is behind them is not: there it is enough that they open. */
export const everyPage = (inhabited: Inhabited, browser: () => Browser, mode: Mode) =>
  describe(`every page ${mode === 'together' ? 'is accessible in both schemes, fits three widths' : 'opens'} and leaves no error on the console`, () => {
    const look = mode === 'together' ? lookAt : async () => []
    let window: Window
    let references: References
    beforeAll(async () => {
      references = await furnish(inhabited)
      window = await openWindow(browser(), inhabited.house().url)
      await logInByForm(window.page, 'admin', chosenPassword)
      await window.page.getByRole('link', { name: 'Dashboard' }).waitFor()
    })
    afterAll(() => window?.close())

    test.each(Object.entries(pages))('%s', async (_name, path) => {
      const { page, troubles } = window
      troubles.length = 0
      await openPage(page, addressOf(path, references))
      expect(await look(page)).toEqual([])
      expect(troubles).toEqual([])
    })

    test('the API reference', async () => {
      const { page, troubles, close } = await openWindow(browser(), inhabited.house().url)
      await page.goto('/docs')
      await page.locator('.opblock').first().waitFor()
      await page.evaluate(someFrames)
      expect(troubles).toEqual([])
      await close()
    })

    test('log-in', async () => {
      const { page, troubles, close } = await openWindow(browser(), inhabited.house().url)
      await openPage(page, '/targets?q=x')
      await page.getByRole('button', { name: 'Log in' }).waitFor()
      expect(await look(page)).toEqual([])
      expect(troubles).toEqual([])
      await close()
    })
  })
