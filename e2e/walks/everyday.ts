import { api } from '@opsconductor/contract'
import type { Browser, Page } from 'playwright-core'
import { describe, expect, test } from 'vitest'
import { logInByForm, openWindow } from '../kit/browser.ts'
import { logIn } from '../kit/client.ts'
import { chosenPassword, type Inhabited } from '../kit/inhabited.ts'
import { someFrames } from '../kit/pages.ts'

const userName = (page: Page) => page.getByLabel('User name')
const dashboard = (page: Page) => page.getByRole('link', { name: 'Dashboard' })
/** What has the focus, as a screen reader names it. */
const focused = (page: Page) =>
  page.evaluate<string>(
    `(document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent ?? '').trim()`,
  )

/** Presses Tab until something of that name has the focus, as somebody does who looks for it. */
const tabTo = async (page: Page, name: RegExp): Promise<void> => {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab')
    if (name.test(await focused(page))) return
  }
  throw new Error(`no way by Tab to ${String(name)}`)
}

/** What happens on any day: a keyboard, a slow line, several tabs, the back button. */
export const everyday = ({ house, admin, addJob, run, targets }: Inhabited, browser: () => Browser) =>
  describe('day by day', () => {
    const open = async () => {
      await admin()
      const window = await openWindow(browser(), house().url)
      await logInByForm(window.page, 'admin', chosenPassword)
      await dashboard(window.page).waitFor()
      return window
    }

    test('a keyboard alone leads from the log-in to the cancel of an execution, and back to where one was', async () => {
      await admin()
      const execution = await run('sleep 600', (await targets()).slice(0, 1))
      const { page, troubles, close } = await openWindow(browser(), house().url)
      await page.goto('/login')
      await expect
        .poll(() => page.evaluate<string>('document.activeElement.labels?.[0]?.textContent'))
        .toBe('User name')
      await page.keyboard.type('admin')
      await page.keyboard.press('Tab')
      await page.keyboard.type(chosenPassword)
      await page.keyboard.press('Enter')
      await dashboard(page).waitFor()
      await page.keyboard.press('Control+k')
      await page.getByRole('dialog').waitFor()
      await page.keyboard.type('Executions')
      await page.keyboard.press('Enter')
      await page.getByRole('heading', { level: 1, name: 'Executions' }).waitFor()
      await page.getByText(execution.ref).waitFor()
      await tabTo(page, new RegExp(execution.ref))
      await page.keyboard.press('Enter')
      await page.getByRole('button', { name: 'Cancel' }).waitFor()
      await tabTo(page, /^Cancel$/)
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      await page.keyboard.press('Escape')
      await expect.poll(() => focused(page)).toBe('Cancel')
      await page.keyboard.press('Enter')
      await page.getByRole('dialog').waitFor()
      await tabTo(page, /^Cancel the execution$/)
      await page.keyboard.press('Enter')
      await page.getByText('its remote processes were seen to have stopped').waitFor()
      expect(troubles).toEqual([])
      await close()
    })

    test('on a slow line a list says that it is loading, and what is pressed twice happens once', async () => {
      const { page, troubles, close } = await open()
      const { call } = await admin()
      const job = await addJob({
        targets: (await targets()).slice(0, 1),
        steps: [{ type: 'ssh.exec', command: 'true' }],
      })
      const line = await page.context().newCDPSession(page)
      await line.send('Network.enable')
      await line.send('Network.emulateNetworkConditions', {
        offline: false,
        latency: 400,
        downloadThroughput: 200_000,
        uploadThroughput: 200_000,
      })
      // however slow the line: the answer comes once the page was seen without it
      const { promise: isSeen, resolve: see } = Promise.withResolvers<void>()
      await page.route(/\/api\/v1\/users/, (route) => isSeen.then(() => route.continue()))
      await page.getByRole('link', { name: 'Users and roles' }).click()
      await page.locator('[aria-busy="true"]').waitFor()
      see()
      await page.getByRole('table', { name: 'Users' }).getByText('admin').first().waitFor()

      await page.goto('/credentials/new?type=bearer')
      await page.getByLabel('Name', { exact: true }).fill('pressed twice')
      await page.getByLabel('Token').fill('a token of some length')
      await page.getByRole('button', { name: 'Save the credential' }).dblclick()
      await page.getByRole('heading', { name: 'pressed twice' }).waitFor()
      expect((await call(api.credentials.list, { query: { q: 'pressed twice' } })).items).toHaveLength(1)

      await page.goto(`/jobs/${job.serial}?run=true`)
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: 'Show the plan' }).dblclick()
      await dialog.getByRole('button', { name: 'Run on 1 target' }).dblclick()
      await page.getByRole('button', { name: 'Rerun all' }).dblclick()
      await page.getByRole('heading', { level: 1, name: /#2$/ }).waitFor()
      await page.getByRole('button', { name: 'Rerun all' }).waitFor()
      expect(
        (await call(api.executions.list, { query: { job: job.serial } })).items.map(({ number }) => number),
      ).toEqual([2, 1])
      expect(troubles).toEqual([])
      await close()
    })

    test('back leads to the same filters and the same place of a list, and so does forward', async () => {
      const { page, troubles, close } = await open()
      await addJob({ name: 'far down 00', steps: [{ type: 'ssh.exec', command: 'true' }] })
      for (let number = 1; number < 30; number++) {
        await addJob({
          name: `far down ${String(number).padStart(2, '0')}`,
          steps: [{ type: 'ssh.exec', command: 'true' }],
        })
      }
      await page.getByRole('link', { name: 'Jobs', exact: true }).click()
      await page.getByRole('searchbox', { name: 'Search jobs' }).fill('far down')
      await page.waitForURL(/q=far/)
      const row = page.getByRole('link', { name: /^far down 29/ })
      await row.scrollIntoViewIfNeeded()
      // nobody presses before the page has stood still
      await page.evaluate(someFrames)
      await row.click()
      await page.getByRole('heading', { level: 1, name: 'far down 29' }).waitFor()
      await page.goBack()
      await row.waitFor()
      expect(await page.getByRole('searchbox', { name: 'Search jobs' }).inputValue()).toBe('far down')
      await expect.poll(() => page.evaluate<number>('scrollY')).toBeGreaterThan(300)
      await page.goForward()
      await page.getByRole('heading', { level: 1, name: 'far down 29' }).waitFor()
      expect(troubles).toEqual([])
      await close()
    })

    test('two tabs log out and in together, and a session that was ended elsewhere says so and goes on where one was', async () => {
      const { page, troubles, close } = await open()
      const other = await page.context().newPage()
      await other.goto('/jobs')
      await other.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor()
      await other.getByRole('button', { name: /admin/ }).click()
      await other.getByRole('menuitem', { name: 'Log out' }).click()
      await userName(page).waitFor()
      await logInByForm(other, 'admin', chosenPassword)
      await dashboard(other).waitFor()
      await dashboard(page).waitFor()

      await page.goto('/targets?q=target')
      await page.getByRole('heading', { level: 1, name: 'Targets' }).waitFor()
      const { call } = await logIn(house().url, 'admin', chosenPassword)
      const { items } = await call(api.auth.sessions, {})
      // those of browsers alone: the other tests go on with theirs
      for (const session of items.filter(({ device }) => /chrom/i.test(device))) {
        await call(api.auth.revokeSession, { params: { ref: session.uuid } })
      }
      await page.getByRole('link', { name: 'Jobs', exact: true }).click()
      await page.getByText('Your session has ended').waitFor()
      await page.getByLabel('User name').fill('admin')
      await page.getByLabel('Password', { exact: true }).fill(chosenPassword)
      await page.getByRole('button', { name: 'Log in' }).click()
      await page.getByRole('heading', { level: 1, name: 'Jobs' }).waitFor()
      expect(troubles.filter((trouble) => !trouble.includes('401'))).toEqual([])
      await close()
    })
  })
