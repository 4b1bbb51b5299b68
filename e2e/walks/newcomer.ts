import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import type { Browser, Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { rawOutput } from '../kit/client.ts'
import { logInByForm, openWindow } from '../kit/browser.ts'
import { chosenPassword, type Inhabited } from '../kit/inhabited.ts'

/** What somebody does on the first day, in the browser alone. */
export const newcomer = ({ house, machines, admin }: Inhabited, browser: () => Browser) =>
  test('a newcomer goes from the printed password to a job on three machines, watched live', async () => {
    const { page, troubles, close } = await openWindow(browser(), house().url)

    await logInByForm(page, 'admin', house().printedPassword)
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor()
    await page.goto('/targets')
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor()
    await page.getByLabel('Current password').fill(house().printedPassword)
    await page.getByLabel('New password', { exact: true }).fill(chosenPassword)
    await page.getByLabel('New password again').fill(chosenPassword)
    await page.getByRole('button', { name: 'Change the password' }).click()

    await page.getByRole('link', { name: 'Dashboard' }).click()
    await page.getByRole('link', { name: 'Add a credential' }).click()
    await page.getByLabel('Name', { exact: true }).fill('deploy key')
    await page.getByLabel('User name on the target').fill(machines().username)
    await page.getByLabel('Private key').fill(machines().privateKey)
    await page.getByRole('button', { name: 'Save the credential' }).click()
    await page.getByRole('heading', { name: 'deploy key' }).waitFor()

    for (const [index, { host, port }] of machines().all.slice(0, 3).entries()) {
      await addTarget(page, `web-0${index + 1}`, host, port)
    }
    await page.getByRole('button', { name: 'Test the connection' }).click()
    for (const phase of ['Name', 'Connection', 'Host key', 'Log-in', 'Command']) {
      await page
        .getByRole('listitem')
        .filter({ hasText: `${phase} worked` })
        .waitFor()
    }
    await page.getByText('Everything works').waitFor()

    const mayEnd = join(machines().folder, 'newcomer-may-end')
    await page.getByRole('link', { name: 'Jobs', exact: true }).click()
    await page
      .getByRole('link', { name: /New job|Write/ })
      .first()
      .click()
    await page.getByRole('textbox', { name: /^Name/ }).first().fill('Restart the web')
    const commands = [
      `for i in 1 2 3; do echo "looking at part $i"; done; until [ -e ${mayEnd} ]; do sleep 0.05; done; echo looked`,
      `printf '\\033[32mall\\033[0m %s\\n' 'is well'; echo careful >&2`,
    ]
    for (const [index, command] of commands.entries()) {
      const fields = page.getByRole('textbox', { name: /^Command/ })
      if ((await fields.count()) <= index) await page.getByRole('button', { name: 'Add a step' }).click()
      await fields.nth(index).fill(command)
    }
    await page.getByRole('button', { name: 'Save', exact: true }).click()
    await page.getByRole('heading', { name: 'Restart the web' }).waitFor()

    await page.getByRole('button', { name: 'Run', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: /Add all/ }).click()
    await dialog.getByRole('button', { name: 'Show the plan' }).click()
    await dialog.getByText('is well').first().waitFor()
    await dialog.getByRole('button', { name: 'Run on 3 targets' }).click()

    const output = page.getByRole('log')
    await output.getByText('looking at part 3').waitFor()
    // the step still runs: nothing of its end is there
    await page.getByRole('button', { name: 'Cancel' }).waitFor()
    expect(await output.getByText('looked').count()).toBe(0)
    await writeFile(mayEnd, '')
    await output.getByText('all is well').waitFor()
    await page.getByRole('button', { name: 'Rerun all' }).waitFor()
    expect(
      await page.getByRole('navigation', { name: 'Branches' }).getByText('Completed').count(),
    ).toBeGreaterThanOrEqual(3)

    await page.getByRole('link', { name: /003/ }).click()
    await page.getByRole('textbox', { name: 'Search the output' }).fill('PART 2')
    await page.getByText('1 of 1').waitFor()
    await page.getByRole('link', { name: 'Line 2', exact: true }).click()
    await page.waitForURL(/#L2$/)
    const address = page.url()

    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download the raw output' }).click()
    const file = await (await downloading).path()
    const ref = decodeURIComponent(/executions\/([^?#]+)/.exec(address)?.[1] ?? '')
    expect((await readFile(file)).equals(await rawOutput(await admin(), ref, 3))).toBe(true)
    expect(await readFile(file, 'utf8')).toContain('looking at part 1\nlooking at part 2\nlooking at part 3\nlooked\n')

    // the link leads somebody else, or the same person tomorrow, to the same line of the same branch
    const tomorrow = await page.context().newPage()
    await tomorrow.goto(address)
    await tomorrow.locator('[data-line="2"][data-chosen]').getByText('looking at part 2').waitFor()
    const { call } = await admin()
    expect(await call(api.executions.read, { params: { ref } })).toMatchObject({
      status: 'completed',
      counts: { total: 3, completed: 3 },
    })
    expect(troubles).toEqual([])
    await close()
  })

const addTarget = async (page: Page, name: string, host: string, port: number) => {
  await page.getByRole('link', { name: 'Targets', exact: true }).first().click()
  await page
    .getByRole('link', { name: /New target|Add a target/ })
    .first()
    .click()
  await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name)
  await page.getByRole('textbox', { name: 'Host' }).fill(host)
  await page.getByRole('textbox', { name: 'Port' }).fill(String(port))
  await page.getByRole('combobox', { name: 'Credential' }).click()
  await page.getByRole('option', { name: /deploy key/ }).click()
  await page.getByRole('button', { name: 'Add the target' }).click()
  await page.getByRole('heading', { name }).waitFor()
}
