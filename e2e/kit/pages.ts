import { CredentialType } from '@opsconductor/contract'
import type { Page, Request } from 'playwright-core'
import type { References } from './furniture.ts'

/** The address of every page that one sees when logged in. `~` stands for the reference of a thing. */
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
  'edit job of every kind of step': '/jobs/~everyKind/edit',
  executions: '/executions',
  execution: '/executions/~execution',
  'log of an execution': '/executions/~execution?tab=log',
  'details of an execution': '/executions/~execution?tab=details',
  'lost branch': '/executions/~lost',
  'cancel unconfirmed': '/executions/~unconfirmed',
  'held between batches': '/executions/~held',
  'timed out': '/executions/~timedOut',
  'copied files': '/executions/~copied',
  targets: '/targets',
  'new target': '/targets/new',
  target: '/targets/~target',
  'edit target': '/targets/~target/edit',
  'Windows target': '/targets/~windows',
  'edit Windows target': '/targets/~windows/edit',
  credentials: '/credentials',
  ...Object.fromEntries(
    CredentialType.options.map((type) => [`new credential: ${type}`, `/credentials/new?type=${type}`]),
  ),
  credential: '/credentials/~credential',
  users: '/users',
  roles: '/users?view=roles',
  'new user': '/users/new',
  user: '/users/~user',
  executors: '/executors',
  profile: '/profile',
  'no such page': '/no/such/page',
}

export const widths = [390, 1280, 1920] as const
export const addressOf = (path: string, references: References): string =>
  path.replace(/~(\w+)/, (_, name: keyof References) => encodeURIComponent(references[name]))

// scripts of the page, as text: this side of the wire knows no DOM
// a stylesheet that is made by a script is not subject to the Content-Security-Policy
const withoutMotion = `(() => {
  const sheet = new CSSStyleSheet()
  sheet.replaceSync('*, *::before, *::after { transition: none !important; animation: none !important }')
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet]
})()`
/** What follows from a change has been drawn, and what follows from that. */
export const someFrames = `new Promise((resolve) => {
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
  // what comes over the live connection is no request: until then the page says that it is loading
  const says = page.getByText(/loading/i)
  do await page.evaluate(someFrames)
  while (onTheWay.size > 0 || (await says.count()) > 0)
  page.off('request', begin).off('requestfinished', end).off('requestfailed', end)
}

/** Puts a page into a colour scheme, as the system does. */
export const inScheme = async (page: Page, colorScheme: 'light' | 'dark'): Promise<void> => {
  await page.emulateMedia({ colorScheme })
  await page.locator(`html[data-mantine-color-scheme="${colorScheme}"]`).waitFor()
  await page.evaluate(someFrames)
}
