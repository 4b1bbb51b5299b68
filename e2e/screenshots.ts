/**
 * Pictures of every page, for people to look at.
 *
 *     node e2e/screenshots.ts <folder>     every page at 390, 1280 and 1920 px in both schemes, as PNG files
 *     node e2e/screenshots.ts <folder> <words>   only pages whose name has one of the words
 *     node e2e/screenshots.ts --docs       docs/images/execution.png: an execution on three machines, still running
 *
 * Starts a server, machines and a browser of its own; needs the built web UI, sshd and Chromium.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { api, type JobDocumentInput } from '@opsconductor/contract'
import type { Page } from 'playwright-core'
import { launchBrowser, logInByForm, openWindow } from './kit/browser.ts'
import { furnish } from './kit/furniture.ts'
import { startHouse } from './kit/house.ts'
import { chosenPassword, moveIn, type Inhabited } from './kit/inhabited.ts'
import { startMachines } from './kit/machines.ts'
import { addressOf, inScheme, openPage, pages, someFrames, widths } from './kit/pages.ts'

const heights: Record<number, number> = { 390: 844, 1280: 800, 1920: 1080 }

const picturesOf = async (page: Page, name: string, folder: string) => {
  for (const colorScheme of ['light', 'dark'] as const) {
    await inScheme(page, colorScheme)
    for (const width of widths) {
      await page.setViewportSize({ width, height: heights[width] ?? 800 })
      await page.evaluate(someFrames)
      const file = `${name.replaceAll(' ', '-')}-${width}-${colorScheme}.png`
      await page.screenshot({ path: join(folder, file), fullPage: true })
    }
  }
}

const everyPage = async (inhabited: Inhabited, page: Page, folder: string, words: string[]) => {
  await mkdir(folder, { recursive: true })
  await openPage(page, '/login')
  await picturesOf(page, 'log-in', folder)
  const references = await furnish(inhabited)
  await logInByForm(page, 'admin', chosenPassword)
  await page.getByRole('link', { name: 'Dashboard' }).waitFor()
  for (const [name, path] of Object.entries(pages)) {
    if (words.length > 0 && !words.some((word) => name.includes(word))) continue
    await openPage(page, addressOf(path, references))
    await picturesOf(page, name, folder)
    process.stdout.write(`${name}\n`)
  }
}

/** A job that says something worth a picture, and waits in the middle of it. */
const deployment = (folder: string, targets: string[]): JobDocumentInput => ({
  name: 'Deploy the shop',
  targets,
  parameters: { version: '4.2.1' },
  steps: [
    {
      type: 'ssh.exec',
      name: 'Check the disk',
      command: `printf '\\033[1mDisk\\033[0m\\n'; printf '/srv/shop  \\033[32m41 %% used\\033[0m, 118 GB free\\n'`,
    },
    {
      type: 'ssh.script',
      name: 'Fetch and unpack',
      script: [
        `printf '\\033[1mFetching shop-%s.tar.zst\\033[0m\\n' {{ version }}`,
        `for part in 10 25 40 55 70 85 100; do printf '  %3d %%  \\033[36mpart %s of 100\\033[0m\\n' "$part" "$part"; done`,
        `printf '\\033[32mchecksum is right\\033[0m\\n'`,
        `printf '\\033[33mwarning: /srv/shop/cache was not empty, moved aside\\033[0m\\n' >&2`,
        `for file in api.js worker.js assets/shop.css assets/shop.js locales/en.json locales/de.json; do echo "unpacked $file"; done`,
        `until [ -e ${folder}/go-on ]; do sleep 0.1; done`,
      ].join('\n'),
    },
    { type: 'ssh.exec', name: 'Restart the service', command: 'echo restarted' },
  ],
})

const forTheDocs = async (inhabited: Inhabited, page: Page) => {
  const { call } = await inhabited.admin()
  const { all, folder } = inhabited.machines()
  const names: string[] = []
  for (const machine of all) names.push(await inhabited.addTarget(machine, { name: `shop-0${names.length + 1}` }))
  const job = await inhabited.addJob(deployment(folder, names))
  const execution = await call(api.executions.start, { params: { ref: job.uuid }, body: {} })
  await logInByForm(page, 'admin', chosenPassword)
  await page.getByRole('link', { name: 'Dashboard' }).waitFor()
  await openPage(page, `/executions/${execution.ref}?branch=2`)
  await page.getByRole('log').getByText('unpacked locales/de.json').waitFor()
  await page.getByText('Fetch and unpack').waitFor()
  await page.setViewportSize({ width: 1280, height: 860 })
  await page.evaluate(someFrames)
  const path = resolve(import.meta.dirname, '../docs/images/execution.png')
  await mkdir(join(path, '..'), { recursive: true })
  await page.screenshot({ path })
  await writeFile(join(folder, 'go-on'), '')
  process.stdout.write(`${path}\n`)
}

const [wanted, ...words] = process.argv.slice(2)
if (wanted === undefined) {
  process.stderr.write('Say where to: node e2e/screenshots.ts <folder>, or --docs\n')
  process.exit(2)
}
const [house, machines, browser] = await Promise.all([
  startHouse('together', { UNREACHABLE_SEC: '3' }),
  startMachines(3),
  launchBrowser(),
])
try {
  const inhabited = moveIn({ house: () => house, machines: () => machines })
  await inhabited.admin()
  const { page } = await openWindow(browser, house.url)
  await (wanted === '--docs' ? forTheDocs(inhabited, page) : everyPage(inhabited, page, resolve(wanted), words))
} finally {
  await browser.close()
  await machines[Symbol.asyncDispose]()
  await house.stop()
  await house.clear()
}
