import { sshdAvailable } from '@opsconductor/transports/testing'
import { chromium, findProgram } from '../../tools/programs.ts'

/** Path of the browser: what `CHROMIUM` names, or one of the usual places. */
export const chromiumPath = findProgram(chromium)

/** Says loudly what is left out where Chromium is missing; with `CI=true` that is a failure. */
const chromiumAvailable = (): boolean => {
  if (chromiumPath !== undefined) return true
  const message = `LEFT OUT: ${chromium.leavesOut}. Install ${chromium.install}, or name one with CHROMIUM=/path/to/it.`
  if (process.env['CI'] === 'true') throw new Error(message)
  process.stderr.write(`\n${message}\n\n`)
  return false
}

export const hasSshd = sshdAvailable('the whole house over SSH')
export const hasBrowser = hasSshd && chromiumAvailable()
