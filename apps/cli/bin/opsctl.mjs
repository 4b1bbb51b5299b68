#!/usr/bin/env node
// Plain JavaScript on purpose: an old Node must be able to read it, and to say what is wrong.
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

/** The Node that `npm ci` put beside the other packages, if there is one above this file. */
const bundledNode = () => {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, 'node_modules', '.bin', name)
    if (existsSync(candidate)) return candidate
    if (folder === dirname(folder)) return undefined
  }
}

if (major > 22 || (major === 22 && minor >= 19)) {
  // Node 22 warns at every start that it strips types, which would stand in front of every answer
  if (major === 22) process.removeAllListeners('warning')
  await import('../src/main.ts')
} else {
  const node = process.env.OPSCTL_RESTARTED ? undefined : bundledNode()
  if (node === undefined) {
    process.stderr.write(
      `opsctl needs Node 22.19 or newer; this is ${process.versions.node}.\n` +
        'Run "npm ci" in the OpsConductor folder and start it as "npx opsctl", or install a newer Node.\n',
    )
    process.exitCode = 2
  } else {
    const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
      stdio: 'inherit',
      env: { ...process.env, OPSCTL_RESTARTED: '1' },
    })
    // the terminal sends Ctrl-C to both; the child decides what it means
    process.on('SIGINT', () => {})
    for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.on('exit', (code, signal) => (process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0)))
  }
}
