import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { chromiumPath } from './programs.ts'

/** A browser window of one person, with what went wrong in its pages. */
export interface Window {
  readonly page: Page
  /** Errors on the console (breaches of the Content-Security-Policy are such) and what nobody caught. */
  readonly troubles: string[]
  readonly close: () => Promise<void>
}

/** The system's Chromium, quiet and without its own traffic. */
export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })

/** Opens a window with nothing stored, at the address of a server. */
export const openWindow = async (
  browser: Browser,
  baseURL: string,
  options: BrowserContextOptions = {},
): Promise<Window> => {
  const context = await browser.newContext({
    baseURL,
    viewport: { width: 1280, height: 800 },
    reducedMotion: 'reduce',
    ...options,
  })
  context.setDefaultTimeout(60_000)
  const troubles: string[] = []
  context.on('console', (message) => {
    if (message.type() === 'error') troubles.push(`${message.page()?.url()}: ${message.text()}`)
  })
  context.on('weberror', (error) => troubles.push(`${error.page()?.url()}: ${error.error().message}`))
  const page = await context.newPage()
  return { page, troubles, close: () => context.close() }
}

/** Logs in through the form. */
export const logInByForm = async (page: Page, username: string, password: string): Promise<void> => {
  await page.goto('/login')
  await page.getByLabel('User name').fill(username)
  await page.getByLabel('Password', { exact: true }).fill(password)
  await page.getByRole('button', { name: 'Log in' }).click()
}
