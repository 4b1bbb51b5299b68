import { execFile, spawnSync } from 'node:child_process'
import { describe } from 'vitest'

export type Said = { readonly exitCode: number; readonly stdout: string; readonly stderr: string }

/** Runs someone else's program to its end. */
export const run = (
  file: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Said> =>
  new Promise((resolve) => {
    const options = { env: { ...process.env, ...environment }, timeout: 60_000, maxBuffer: 1 << 26 }
    const child = execFile(file, args, options, (_error, stdout, stderr) =>
      resolve({ exitCode: child.exitCode ?? -1, stdout, stderr }),
    )
    child.stdin?.end()
  })

/** Debian's own Python: the packages are installed for it, whatever else is on the PATH. */
export const PYTHON = '/usr/bin/python3'

/**
 * Tests with a program of others. Where it is missing they are left out, and the name of the group says so; where
 * everything has to be there (CI) that is a failure.
 * @param probe how it shows that it is there, by ending with 0
 */
export const describeWith = (debianPackage: string, probe: readonly [string, ...string[]], tests: () => void): void => {
  const [file, ...args] = probe
  const isThere = spawnSync(file, args, { stdio: 'ignore' }).status === 0
  const mustBeThere = process.env['CI'] === 'true'
  const missing = isThere ? '' : `, WHICH IS NOT INSTALLED (apt-get install ${debianPackage})`
  if (missing !== '')
    process.stderr.write(`\n!! Tests with ${debianPackage}${missing}: ${mustBeThere ? 'they fail' : 'left out'}\n`)
  describe.runIf(isThere || mustBeThere)(`with ${debianPackage}${missing}`, () => {
    tests()
  })
}
