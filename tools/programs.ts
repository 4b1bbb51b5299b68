import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** A program of the system that some tests need. */
export type Program = {
  readonly names: readonly string[]
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
  leavesOut: 'everything that is looked at in a browser',
  install: 'Chromium (Debian: apt install chromium; Fedora: dnf install chromium)',
}

/** sshd is not in the path of ordinary users. */
const systemFolders = ['/usr/sbin', '/usr/local/sbin', '/sbin', '/snap/bin']

export const isInstalled = ({ names }: Program, path = process.env['PATH'] ?? ''): boolean =>
  [...path.split(delimiter), ...systemFolders].some((folder) => names.some((name) => existsSync(join(folder, name))))
