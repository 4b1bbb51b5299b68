import { homedir } from 'node:os'
import { join } from 'node:path'
import { Failure } from './failure.ts'

export const defaultUrl = 'http://127.0.0.1:7070'

export type Environment = Record<string, string | undefined>

export type GlobalOptions = { url?: string; json?: boolean; color?: boolean; verbose?: boolean }

/** What the environment and the global options say. The only reader of the environment. */
export type Config = {
  /** Server named on the command line or in the environment; otherwise the one of the last log-in. */
  url: string | undefined
  /** Access token of a script; there is no session then, and nothing is renewed. */
  token: string | undefined
  sessionFile: string
  isJson: boolean
  isColoured: boolean
  isVerbose: boolean
}

export const readConfig = (env: Environment, options: GlobalOptions): Config => {
  const url = options.url ?? given(env['OPSCONDUCTOR_URL'])
  return {
    url: url === undefined ? undefined : serverUrl(url),
    token: given(env['OPSCONDUCTOR_TOKEN'])?.trim(),
    sessionFile: join(given(env['XDG_CONFIG_HOME']) ?? join(homedir(), '.config'), 'opsconductor', 'session.json'),
    isJson: options.json === true,
    isColoured: options.color !== false && given(env['NO_COLOR']) === undefined && env['TERM'] !== 'dumb',
    isVerbose: options.verbose === true,
  }
}

/** A server's address without what follows it: what is pasted from a browser works too. */
export const serverUrl = (text: string) => {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    throw new Failure('usage', `"${text}" is not the address of a server: write it as ${defaultUrl}`)
  }
  if (url.username !== '' || url.password !== '') {
    throw new Failure('usage', 'A server address carries no user name or password: use opsctl login')
  }
  return url.origin
}

/** An empty variable is as good as none. */
const given = (value: string | undefined) => (value === undefined || value === '' ? undefined : value)
