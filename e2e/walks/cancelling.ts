import { until } from '@opsconductor/transports/testing'
import type { Browser } from 'playwright-core'
import { expect, test } from 'vitest'
import { logInByForm, openWindow } from '../kit/browser.ts'
import { untilEnded } from '../kit/client.ts'
import { chosenPassword, type Inhabited } from '../kit/inhabited.ts'
import { longSleep } from '../kit/leftovers.ts'

export const cancelling = ({ house, admin, run, targets }: Inhabited, browser: () => Browser) =>
  test('cancelled in the browser, the processes on every machine are stopped, and the page says so', async () => {
    const client = await admin()
    // a child in the background belongs to the step, too
    const { command: sleep, running } = longSleep()
    const command = `${sleep} & ${sleep}`
    const all = await targets()
    const execution = await run(command, all)
    const { page, troubles, close } = await openWindow(browser(), house().url)
    await logInByForm(page, 'admin', chosenPassword)
    await page.getByRole('link', { name: 'Dashboard' }).waitFor()
    await page.goto(`/executions/${execution.ref}`)
    await until(() => running().length >= 2 * all.length)

    // what runs is not done
    const progress = page.getByRole('progressbar', { name: 'Progress' })
    await expect
      .poll(() => progress.getAttribute('aria-valuetext'), { timeout: 30_000 })
      .toBe(`0 of ${all.length} done, ${all.length} running`)
    expect(await progress.getAttribute('value')).toBe('0')

    await page.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Keep it running' }).waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the execution' }).click()
    await page.getByText('its remote processes were seen to have stopped').waitFor()
    expect(running()).toEqual([])
    expect(await untilEnded(client, execution)).toMatchObject({
      status: 'cancelled',
      cancelOutcome: 'stopped',
      counts: { cancelled: all.length },
    })
    expect(troubles).toEqual([])
    await close()
  })
