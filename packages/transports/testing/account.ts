import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { createLocalWire, type PosixShell } from '../src/index.ts'
import { findProgram } from './find-sshd.ts'

export type AccountOptions = {
  /** Program to be found as `sh`; the one of this machine unless told. */
  sh?: string
  /** Programs that are not to be found at all. */
  without?: readonly string[]
  /** A home folder of the test's own making. */
  home?: string
  /** The configured folder for guards. */
  guardDirectory?: string
}

export interface Account extends AsyncDisposable {
  readonly home: string
  /** `.opsconductor` in the home folder. */
  readonly folder: string
  /** Used for nothing but the names of folders in /var/tmp and /tmp. */
  readonly name: string
  readonly shell: PosixShell
}

let number = 0

/** A home folder, a choice of programs and a local shell that uses them: as if it were another machine. */
export const createAccount = async (options: AccountOptions = {}): Promise<Account> => {
  const root = mkdtempSync(join(tmpdir(), 'opsconductor-account-'))
  const name = `test-${process.pid}-${++number}`
  const home = options.home ?? join(root, 'home')
  if (options.home === undefined) mkdirSync(home)
  const bin = join(root, 'bin')
  mkdirSync(bin)
  if (options.sh !== undefined) symlinkSync(options.sh, join(bin, 'sh'))
  const { without = [] } = options
  if (without.length > 0) linkPrograms(bin, without)
  const shell = await createLocalWire({
    directory: tmpdir(),
    lingerMs: 200,
    environment: {
      PATH: without.length > 0 ? bin : `${bin}:/usr/bin:/bin`,
      HOME: home,
      LOGNAME: name,
      LANG: 'C.UTF-8',
    },
    ...(options.guardDirectory === undefined ? {} : { guardDirectory: options.guardDirectory }),
  }).connect({ signal: new AbortController().signal })
  return {
    home,
    folder: join(home, '.opsconductor'),
    name,
    shell,
    async [Symbol.asyncDispose]() {
      await shell[Symbol.asyncDispose]()
      for (const place of [root, `/var/tmp/opsconductor-${name}`, `/tmp/opsconductor-${name}`])
        rmSync(place, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

const linkPrograms = (bin: string, without: readonly string[]): void => {
  const taken = new Set([...readdirSync(bin), ...without])
  for (const folder of ['/usr/bin', '/bin'])
    for (const program of readdirSync(folder)) {
      if (taken.has(program)) continue
      taken.add(program)
      symlinkSync(join(folder, program), join(bin, program))
    }
}

/** The shells of this machine that may stand as `sh`, with their names; busybox counts as one. */
export const shellsHere = (): { name: string; path: string }[] =>
  ['dash', 'bash', 'busybox', 'ksh', 'mksh', 'zsh', 'posh', 'yash'].flatMap((name) => {
    const path = findProgram(name)
    return path === undefined ? [] : [{ name: basename(name), path }]
  })
