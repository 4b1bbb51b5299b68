import { existsSync, readFileSync } from 'node:fs'
import { lstat, realpath, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * Whom PostgreSQL runs as. It refuses to run as root, so root steps down to an account of the system.
 * `other: false` means our own account: nothing has to be handed over.
 */
export type Account = { readonly name: string; readonly uid: number; readonly gid: number; readonly other: boolean }

/**
 * @throws Error when root finds nobody to step down to
 */
export const chooseAccount = (self = ourselves(), passwd = readPasswd()): Account => {
  const { uid, gid } = self
  if (uid === -1) return { name: 'self', uid, gid, other: false } // Windows
  const accounts = parsePasswd(passwd)
  if (uid === 0) {
    const account = accounts.find(({ name }) => name === 'postgres') ?? accounts.find(({ name }) => name === 'nobody')
    if (account !== undefined) return { ...account, other: true }
    throw new Error(
      'PostgreSQL does not run as root, and this machine has neither an account "postgres" nor "nobody" to run it as. ' +
        'Make one (useradd --system postgres), or set OPSCONDUCTOR_DATABASE_URL to a PostgreSQL of your own.',
    )
  }
  const name = accounts.find((account) => account.uid === uid)?.name
  // users of a directory service are not in /etc/passwd; initdb finds them there or says that it does not
  return { name: name ?? `user ${uid}`, uid, gid, other: false }
}

const ourselves = () => ({ uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 })

const readPasswd = () => (existsSync('/etc/passwd') ? readFileSync('/etc/passwd', 'utf8') : '')

const parsePasswd = (text: string) =>
  text.split('\n').flatMap((line) => {
    const [name, , uid, gid] = line.split(':')
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : []
  })

/**
 * May the account walk to this path: is every folder on the way open to it? The path itself must exist.
 * Only the mode bits are looked at: an access list that opens more is not seen, and then the copy it leads to is merely not needed.
 */
export const canReach = async (account: Account, path: string): Promise<boolean> => {
  if (!account.other) return true
  const real = await realpath(path)
  const folders = (await lstat(real)).isDirectory() ? [real] : []
  for (let folder = dirname(real); ; folder = dirname(folder)) {
    folders.push(folder)
    if (folder === dirname(folder)) break
  }
  for (const folder of folders) {
    const { uid, gid, mode } = await stat(folder)
    const mayEnter = uid === account.uid ? mode & 0o100 : gid === account.gid ? mode & 0o010 : mode & 0o001
    if (mayEnter === 0) return false
  }
  return true
}
