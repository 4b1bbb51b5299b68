import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { api } from '@opsconductor/contract'
import { startWindows, until, type Windows } from '@opsconductor/transports/testing'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logInByForm, openWindow } from '../kit/browser.ts'
import { rawOutput, untilEnded } from '../kit/client.ts'
import { chosenPassword, type Inhabited } from '../kit/inhabited.ts'
import { longSleep } from '../kit/leftovers.ts'
import { openOpsctl } from '../kit/opsctl.ts'

const password = 'Pa$$wörd'
/** As it stands in the requirements. */
const sampleJob = {
  name: 'Sample Windows Service Restart',
  version: 1,
  parameters: { svc: 'Spooler' },
  steps: [
    {
      type: 'winrm.exec',
      shell: 'powershell',
      target: 'sample-windows-server',
      command: 'Restart-Service {{ svc }}; (Get-Service {{ svc }}).Status',
      timeoutSec: 90,
    },
  ],
}

/** A Windows machine, from its credential to a job on it. */
export const windowsMachine = ({ house, admin }: Inhabited, browser: () => Browser) =>
  describe('a Windows machine', () => {
    let machine: Windows
    const services = new Map([['Spooler', 'Stopped']])
    beforeAll(async () => {
      machine = await startWindows({ services, users: { anna: password } })
    })
    afterAll(() => machine?.close())

    test('is added, tested and given the sample job in the browser', async () => {
      await admin()
      const { page, troubles, close } = await openWindow(browser(), house().url)
      await logInByForm(page, 'admin', chosenPassword)
      await page.getByRole('link', { name: 'Dashboard' }).waitFor()

      await page.goto('/credentials/new')
      await page.getByLabel('Name', { exact: true }).fill('EXAMPLE admin')
      await page.getByRole('combobox', { name: 'Type' }).click()
      await page.getByRole('option', { name: 'Windows domain account' }).click()
      await page.getByLabel('User name on the target').fill('anna')
      await page.getByLabel('Password', { exact: true }).fill(password)
      await page.getByLabel('Domain').fill('SIMULATED')
      await page.getByRole('button', { name: 'Save the credential' }).click()
      await page.getByRole('heading', { name: 'EXAMPLE admin' }).waitFor()

      await page.goto('/targets/new')
      await page.getByRole('textbox', { name: 'Name', exact: true }).fill('sample-windows-server')
      await page.getByRole('combobox', { name: 'Method' }).click()
      await page.getByRole('option', { name: 'WinRM' }).click()
      await page.getByRole('textbox', { name: 'Host' }).fill(machine.host)
      await page.getByRole('textbox', { name: 'Port' }).fill(String(machine.port))
      await page.getByRole('combobox', { name: 'Spoken over' }).click()
      await page.getByRole('option', { name: /^HTTP,/ }).click()
      await page.getByRole('combobox', { name: 'Credential' }).click()
      await page.getByRole('option', { name: /EXAMPLE admin/ }).click()
      await page.getByRole('button', { name: 'Add the target' }).click()
      await page.getByRole('heading', { name: 'sample-windows-server' }).waitFor()
      await page.getByRole('button', { name: 'Test the connection' }).click()
      await page.getByText('Everything works').waitFor()
      await page
        .getByText(/Microsoft Windows/)
        .first()
        .waitFor()

      const { call } = await admin()
      const { serial } = await call(api.jobs.create, { body: sampleJob as never })
      await page.goto(`/jobs/${serial}?run=true`)
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: 'Show the plan' }).click()
      await dialog.getByText('Restart-Service Spooler; (Get-Service Spooler).Status').first().waitFor()
      await dialog.getByRole('button', { name: /^Run on/ }).click()
      await page.getByRole('log').getByText('Running').waitFor()
      await page.getByRole('button', { name: 'Rerun all' }).waitFor()
      expect(services.get('Spooler')).toBe('Running')
      expect(troubles).toEqual([])
      await close()
    })

    test('shows no secrets, and what is cancelled there stops', async () => {
      const client = await admin()
      const { call } = client
      const secret = "it's a secret; $HOME"
      const job = await call(api.jobs.create, {
        body: {
          name: 'secrets on Windows',
          targets: ['sample-windows-server'],
          parameters: { pw: { type: 'string', secret: true } },
          steps: [{ type: 'winrm.script', script: 'echo "the password is {{ pw }}"; echo {{ pw }}', mode: 'attached' }],
        },
      })
      const shown = await call(api.executions.start, {
        params: { ref: job.uuid },
        body: { parameters: { pw: secret } },
      })
      expect(await untilEnded(client, shown)).toMatchObject({ status: 'completed' })
      const text = (await rawOutput(client, shown.ref)).toString()
      expect(text).toContain('the password is ********')
      expect(text).not.toContain('secret;')

      const { command: sleep, running: sleeping } = longSleep()
      const long = await call(api.jobs.create, {
        body: {
          name: 'long on Windows',
          targets: ['sample-windows-server'],
          steps: [{ type: 'winrm.exec', shell: 'powershell', command: `echo begun; ${sleep}`, mode: 'attached' }],
        },
      })
      const running = await call(api.executions.start, { params: { ref: long.uuid }, body: {} })
      await until(async () => (await rawOutput(client, running.ref)).toString().includes('begun'))
      expect(sleeping()).not.toEqual([])
      await call(api.executions.cancel, { params: { ref: running.uuid } })
      expect(await untilEnded(client, running)).toMatchObject({ status: 'cancelled', cancelOutcome: 'stopped' })
      expect(sleeping()).toEqual([])
    })

    test('is looked at by opsctl winrm doctor, from here and from the server', async () => {
      await using somebody = await openOpsctl(house().url)
      const file = async (name: string, content: string) => {
        const path = join(somebody.folder, name)
        await writeFile(path, content, { mode: 0o600 })
        return path
      }
      const right = await file('right', password)
      const here = ['winrm', 'doctor', machine.host, '--port', String(machine.port), '--no-https', '--username', 'anna']
      const well = await somebody.run([...here, '--password-file', right])
      expect(well.stdout).toMatch(/offers +ok .*Negotiate/)
      expect(well.stdout).toMatch(/log-in +ok/)
      expect(well.stdout).toMatch(/command \(winrs\) +ok .*Microsoft Windows/)
      const badly = await somebody.run([...here, '--password-file', await file('wrong', 'not the password')])
      expect(badly).toMatchObject({ code: 1 })
      expect(badly.stdout).toMatch(/log-in +failed/)
      expect(badly.stdout).toContain('Check the user name')
      expect(badly.stdout).not.toContain('not the password')

      await admin()
      await somebody.run(['login', '--username', 'admin', '--password-file', await file('admin', chosenPassword)])
      const fromThere = await somebody.run(['winrm', 'doctor', 'sample-windows-server', '--target'])
      expect(fromThere).toMatchObject({ code: 0, stdout: expect.stringMatching(/authentication +ok/) })
    })
  })
