import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

// sshd is often outside the path of ordinary users, and refuses to start by a relative name
const furtherPlaces = ['/usr/sbin', '/usr/local/sbin', '/usr/lib/ssh', '/opt/homebrew/sbin']

const isProgram = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** The full path of a program, or `undefined`. */
export const findProgram = (name: string): string | undefined =>
  [...(process.env.PATH ?? '').split(delimiter).filter(Boolean), ...furtherPlaces]
    .map((folder) => join(folder, name))
    .find(isProgram)

/**
 * Whether OpenSSH's server is here. If not, says on standard error what is left out and what to install; with `CI=true`
 * it throws, because there nothing may be left out.
 * @param leftOut what cannot be tested without it, e.g. `the SSH wire`
 */
export const sshdAvailable = (leftOut: string): boolean => {
  if (findProgram('sshd') !== undefined && findProgram('ssh-keygen') !== undefined) return true
  const message = `LEFT OUT: tests of ${leftOut}. They need OpenSSH's sshd: apt-get install openssh-server`
  if (process.env.CI === 'true') throw new Error(message)
  process.stderr.write(`\n${message}\n\n`)
  return false
}
