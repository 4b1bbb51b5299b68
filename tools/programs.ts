import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program of the system that some tests need. */
export type Program = {
  readonly names: readonly string[]
  /** The environment variable that names another one, by its path. */
  readonly variable?: string
  /** What is not tested without it. */
  readonly leavesOut: string
  readonly install: string
}

export const sshd: Program = {
  names: ['sshd'],
  leavesOut: 'everything that runs commands on a target over SSH',
  install: 'OpenSSH server (Debian, Ubuntu: apt install openssh-server; Fedora: dnf install openssh-server)',
}

export const chromium: Program = {
  names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  variable: 'CHROMIUM',
  leavesOut: 'everything that is looked at in a browser',
  install: 'Chromium (Debian: apt install chromium; Fedora: dnf install chromium)',
}

/** sshd is not in the path of ordinary users. */
const systemFolders = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/snap/bin']

/**
 * Where a program is: what its variable names, which nothing stands in for, or one of the usual places.
 *
 * @returns undefined where there is none
 */
export const findProgram = ({ names, variable }: Program, env = process.env): string | undefined => {
  const named = variable === undefined ? undefined : env[variable]
  if (named) return existsSync(named) ? named : undefined
  const folders = [...(env['PATH'] ?? '').split(delimiter), ...systemFolders]
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}
