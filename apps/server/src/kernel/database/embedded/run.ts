import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Account } from './account.ts'

/** Nothing of our own environment reaches PostgreSQL: it may hold secrets, and PG* variables would change what it does. */
export const environment = () =>
  process.platform === 'win32'
    ? {} // Windows programs need theirs (SystemRoot): inherit
    : { env: { PATH: '/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', LC_ALL: 'C.UTF-8' } }

/** Runs a program to its end as the account. @throws Error with what the program said */
export const runAs = async (account: Account, program: string, args: string[], signal: AbortSignal): Promise<void> => {
  try {
    await promisify(execFile)(program, args, {
      ...environment(),
      ...(account.other ? { uid: account.uid, gid: account.gid } : {}),
      cwd: '/', // our own folder may be closed to the account
      signal,
    })
  } catch (cause) {
    if (signal.aborted) throw cause
    const said = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : ''
    throw new Error(`${program} failed as ${account.name}: ${said || String(cause)}`, { cause })
  }
}
