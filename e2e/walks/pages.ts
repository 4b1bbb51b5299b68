import { AxeBuilder } from '@axe-core/playwright'
import { api } from '@opsconductor/contract'
import type { Browser, Page, Request } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { logInByForm, openWindow, type Window } from '../kit/browser.ts'
import { untilEnded } from '../kit/client.ts'
import type { Mode } from '../kit/house.ts'
import { chosenPassword, type Inhabited } from '../kit/inhabited.ts'

/** Every page, with the heading by which one knows that it is there. `~` stands for the reference of a thing. */
export const pages = {
  dashboard: '/',
  jobs: '/jobs',
  'new job': '/jobs/new',
  'new job as JSON': '/jobs/new?as=json',
  job: '/jobs/~job',
  'versions of a job': '/jobs/~job?tab=versions',
  'executions of a job': '/jobs/~job?tab=executions',
  'run dialog': '/jobs/~job?run=true',
  'edit job': '/jobs/~job/edit',
  executions: '/executions',
  execution: '/executions/~execution',
  'log of an execution': '/executions/~execution?tab=log',
  'details of an execution': '/executions/~execution?tab=details',
  targets: '/targets',
  'new target': '/targets/new',
  target: '/targets/~target',
  'edit target': '/targets/~target/edit',
  credentials: '/credentials',
  'new credential': '/credentials/new',
  credential: '/credentials/~credential',
  users: '/users',
  roles: '/users?view=roles',
  'new user': '/users/new',
  user: '/users/~user',
  profile: '/profile',
  'no such page': '/no/such/page',
} as const

export const widths = [390, 1280, 1920] as const
const rulesOfColour = ['color-contrast', 'link-in-text-block']
const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']

/** References of things to look at, made through the API. */
export const furnish = async ({ admin, addJob, targets }: Pick<Inhabited, 'admin' | 'addJob' | 'targets'>) => {
  const client = await admin()
  const { call } = client
  const names = await targets()
  const step = (command: string) => ({ type: 'ssh.exec' as const, command })
  const job = await addJob({
    description: 'Looks after the web servers.',
    tags: ['web'],
    parameters: { service: 'nginx', token: { type: 'string', secret: true } },
    targets: names,
    steps: [step('echo "service {{ service }}"; printf "\\033[33mcareful\\033[0m\\n" >&2'), step('uname -a')],
  })
  const execution = await call(api.executions.start, {
    params: { ref: job.uuid },
    body: { parameters: { token: 'very-secret-token' } },
  })
  await untilEnded(client, execution)
  const [target] = (await call(api.targets.list, { query: { q: names[0] } })).items
  const [credential] = (await call(api.credentials.list, { query: {} })).items
  const [user] = (await call(api.users.list, { query: {} })).items
  return {
    job: job.serial,
    execution: execution.ref,
    target: target?.serial ?? '',
    credential: credential?.uuid ?? '',
    user: user?.uuid ?? '',
  }
}

export type References = Awaited<ReturnType<typeof furnish>>

export const addressOf = (path: string, references: References): string =>
  path.replace(/~(\w+)/, (_, name: keyof References) => encodeURIComponent(references[name]))

// scripts of the page, as text: this side of the wire knows no DOM
const sideways = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
// a stylesheet that is made by a script is not subject to the Content-Security-Policy
const withoutMotion = `(() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('*, *::before, *::after { transition: none !important; animation: none !important }')
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
})()`
/** What follows from a change has been drawn, and what follows from that. */
const someFrames = `new Promise((resolve) => {
  let left = 4
  const next = () => (left-- > 0 ? requestAnimationFrame(next) : resolve(true))
  next()
})`

/** Opens a page and waits until it is drawn and nothing is on its way. */
export const openPage = async (page: Page, path: string): Promise<void> => {
  const onTheWay = new Set<Request>()
  const begin = (request: Request) => void onTheWay.add(request)
  const end = (request: Request) => void onTheWay.delete(request)
  page.on('request', begin).on('requestfinished', end).on('requestfailed', end)
  await page.goto(path)
  await page.getByRole('heading', { level: 1 }).first().waitFor()
  await page.evaluate(withoutMotion)
  do await page.evaluate(someFrames)
  while (onTheWay.size > 0)
  page.off('request', begin).off('requestfinished', end).off('requestfailed', end)
}

// without frames in the page the plain way of axe says the same, and opens no second page
const violationsOf = async (page: Page, choose: (axe: AxeBuilder) => AxeBuilder): Promise<string[]> => {
  const { violations } = await choose(new AxeBuilder({ page }).setLegacyMode()).analyze()
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(' ')}: ${failureSummary ?? ''}`),
  )
}

/** Pixels that stick out to the right of a window of that width. */
const overhang = async (page: Page, width: number): Promise<number> => {
  await page.setViewportSize({ width, height: 900 })
  await page.evaluate(someFrames)
  return page.evaluate<number>(sideways)
}

/** Puts a page into a colour scheme, as the system does. */
export const inScheme = async (page: Page, colorScheme: 'light' | 'dark'): Promise<void> => {
  await page.emulateMedia({ colorScheme })
  await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor()
  await page.evaluate(someFrames)
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

    test('log-in', async () => {
      const { page, troubles, close } = await openWindow(browser(), inhabited.house().url)
      await openPage(page, '/targets?q=x')
      await page.getByRole('button', { name: 'Log in' }).waitFor()
      expect(await look(page)).toEqual([])
      expect(troubles).toEqual([])
      await close()
    })
  })
