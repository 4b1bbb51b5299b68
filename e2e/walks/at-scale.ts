import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logInByForm, openWindow, type Window } from '../kit/browser.ts'
import { untilEnded } from '../kit/client.ts'
import { chosenPassword, type Inhabited } from '../kit/inhabited.ts'

/** Many more than are drawn. With a thousand it is the same, and only to make them takes longer. */
const branches = 250
/** Those whose number ends in 13. */
const failing = 3
const lines = 1_000_000
/** More rows than fit on the screen are never drawn, however many there are. */
const drawnMax = 90
/** Not one for each branch, nor for each page of lines. */
const requestsMax = 40

// as text: this side of the wire knows no DOM
const countDrawings = `(() => {
  const drawn = (window.drawn = { times: 0, sinceMs: performance.now() })
  const list = document.querySelector('nav[aria-label="Branches"]')
  new MutationObserver(() => (drawn.times += 1)).observe(list, { subtree: true, childList: true, characterData: true })
})()`
/** However many branches report, the screen follows four times a second, and once for what was on its way. */
const isCalm = `drawn.times <= 4 * ((performance.now() - drawn.sinceMs) / 1000) + 2`

/** How many calls of the API a page makes from now on. */
const countRequests = (page: Page): (() => number) => {
  let count = 0
  page.on('request', (request) => (count += Number(request.url().includes('/api/'))))
  return () => count
}

/** The line at the top of what is drawn. */
const firstLine = async (page: Page) => Number(await page.locator('[data-line]').first().getAttribute('data-line'))
/** A line is drawn, and has the text that it should have: that of its number. */
const seeLine = (page: Page, line: number) =>
  page.locator(`[data-line="${line}"] > :last-child`).getByText(`${line}`, { exact: true }).waitFor()

export const atScale = ({ house, machines, admin, addJob, run, targets }: Inhabited, browser: () => Browser) =>
  describe('the page of an execution', () => {
    let window: Window
    beforeAll(async () => {
      await admin()
      window = await openWindow(browser(), house().url)
      await logInByForm(window.page, 'admin', chosenPassword)
      await window.page.getByRole('link', { name: 'Dashboard' }).waitFor()
    })
    afterAll(() => window?.close())

    const addTargets = async () => {
      const { call } = await admin()
      const names = Array.from({ length: branches }, (_, index) => `many-${String(index + 1).padStart(4, '0')}`)
      const add = (name: string) =>
        call(api.targets.create, { body: { name, methods: [{ type: 'local', config: {} }] } })
      for (let from = 0; from < branches; from += 20) await Promise.all(names.slice(from, from + 20).map(add))
      return names
    }

    test('with many branches has what failed first, counts that are filters of the address, and few drawings', async () => {
      const client = await admin()
      const { page, troubles } = window
      const mayEnd = join(machines().folder, 'many-may-end')
      const script = `until [ -e ${mayEnd} ]; do sleep 0.1; done; case {{ target.name }} in *13) exit 1;; esac`
      const job = await addJob({
        targets: await addTargets(),
        steps: [{ type: 'script.local', script, mode: 'attached' }],
      })
      const execution = await client.call(api.executions.start, { params: { ref: job.uuid }, body: {} })
      await page.goto(`/executions/${execution.ref}`)
      const list = page.getByRole('navigation', { name: 'Branches' })
      await list.getByRole('button', { name: `All ${branches.toLocaleString('en')}` }).waitFor()
      const rows = list.getByRole('listitem')
      await rows.first().waitFor()
      await page.evaluate(countDrawings)
      const requests = countRequests(page)
      await writeFile(mayEnd, '')
      await page.getByRole('button', { name: `Rerun failed (${failing})` }).waitFor()
      expect(await untilEnded(client, execution)).toMatchObject({
        counts: { completed: branches - failing, failed: failing },
      })
      expect(await page.evaluate<boolean>(isCalm)).toBe(true)
      expect(requests()).toBeLessThan(requestsMax)
      expect(await rows.count()).toBeLessThan(drawnMax)
      await rows.first().getByText('many-0013').waitFor()

      await list.getByRole('button', { name: `failed ${failing}` }).click()
      await expect.poll(() => rows.count()).toBe(failing)
      await page.reload()
      await expect.poll(() => rows.count()).toBe(failing)
      await list.getByRole('button', { name: 'All' }).click()
      await rows.first().getByRole('link').click()
      await page.keyboard.press('End')
      await page.waitForURL(new RegExp(`branch=${branches}`))
      await rows.getByText(`many-0${branches}`).waitFor()
      expect(await rows.count()).toBeLessThan(drawnMax)
      expect(troubles).toEqual([])
    })

    test('with a million lines follows their end until one scrolls up, and leads to each of them', async () => {
      const client = await admin()
      const { page, troubles } = window
      const mayEnd = join(machines().folder, 'million-may-end')
      const command = `seq ${lines}; until [ -e ${mayEnd} ]; do sleep 0.1; done; echo this is the end`
      const execution = await run(command, (await targets()).slice(0, 1))
      const requests = countRequests(page)
      await page.goto(`/executions/${execution.ref}`)
      const output = page.getByRole('log')
      const follow = page.getByRole('button', { name: 'Follow', exact: true })
      await seeLine(page, lines)
      expect(await follow.getAttribute('aria-pressed')).toBe('true')

      await output.hover()
      await page.mouse.wheel(0, -3_000)
      await page.getByRole('button', { name: 'Follow the end' }).waitFor()
      const top = await firstLine(page)
      await writeFile(mayEnd, '')
      await page.getByRole('button', { name: 'Rerun all' }).waitFor()
      await page.getByText(`${(lines + 1).toLocaleString('en')} lines`).waitFor()
      expect(await firstLine(page)).toBe(top)

      await output.focus()
      await page.keyboard.press('Home')
      await seeLine(page, 1)
      await page.keyboard.press('PageDown')
      await expect.poll(() => firstLine(page)).toBeGreaterThan(1)
      await page.keyboard.press('End')
      await output.getByText('this is the end').waitFor()

      await page.keyboard.press('Control+f')
      await page.keyboard.type(String(lines - 1))
      await page.getByRole('search', { name: 'Output' }).getByText('1 of 1').waitFor()
      await seeLine(page, lines - 1)
      await page.keyboard.press('Escape')
      // an address that differs in its line alone is not loaded anew
      await page.goto(`/executions/${execution.ref}#L654321`)
      await page.locator('[data-line="654321"][data-chosen]').waitFor()
      await seeLine(page, 654_321)
      await page.goto(`/executions/${execution.ref}#L77`)
      await page.locator('[data-line="77"][data-chosen]').waitFor()
      expect(await page.locator('[data-line]').count()).toBeLessThan(drawnMax)
      expect(requests()).toBeLessThan(requestsMax)
      expect(await untilEnded(client, execution)).toMatchObject({ status: 'completed' })
      expect(troubles).toEqual([])
    })
  })
