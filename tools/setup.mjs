/**
 * Makes a checkout ready: installs the dependencies when they are missing or not those of package-lock.json.
 * With the argument `start` it also builds the web UI when that is missing or older than its sources.
 *
 * Plain JavaScript without dependencies: it runs before anything is installed, on any Node from 20 on.
 */
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { installDependencies, isInstalled } from './setup/dependencies.mjs'
import { withLock } from './setup/lock.mjs'
import { missingRuntime } from './setup/runtime.mjs'
import { buildWebUi, isWebUiBuilt } from './setup/web-ui.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')

/** A step is looked at again under the lock: perhaps the process we waited for has done it. */
const ensure = async (isDone, act) => {
  if (!isDone(root)) await withLock(root, async () => isDone(root) || act(root))
}

try {
  const missing = missingRuntime()
  if (missing !== undefined) throw new Error(missing)
  await ensure(isInstalled, installDependencies)
  if (process.argv.includes('start')) await ensure(isWebUiBuilt, buildWebUi)
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
