import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { npm } from './run.mjs'

/**
 * Is node_modules what package-lock.json says? npm writes down what it installed when it has finished, so this also
 * sees an interrupted installation, and one that was made by hand counts as well.
 */
export const isInstalled = (root) => {
  const installed = readPackages(join(root, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return false
  const wanted = readPackages(join(root, 'package-lock.json')) ?? {}
  return Object.entries(wanted).every(([path, entry]) => {
    if (!path.includes('node_modules/')) return true // the workspaces themselves
    const found = installed[path]
    // npm leaves out the optional packages of other platforms
    if (found === undefined) return entry.optional === true || entry.peer === true
    return found.version === entry.version && found.integrity === entry.integrity
  })
}

const readPackages = (file) => {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages
  } catch {
    return undefined // not there, or not written whole
  }
}

export const installDependencies = async (root) => {
  const started = Date.now()
  console.log('Installing dependencies (a minute or so, only when they change) …')
  // "include": vite is a development dependency, and NODE_ENV=production would leave it out
  await npm(root, ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'])
  console.log(`Installed in ${Math.round((Date.now() - started) / 1000)} s.`)
}
