/**
 * Everything about the code that a machine can judge without running it. Says one line for each check, and what a
 * failing one said.
 */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { report } from './summary.ts'

/** @returns what is wrong, undefined when nothing is */
type Check = { readonly name: string; readonly find: () => Promise<string | undefined> }

const root = join(import.meta.dirname, '..')

const command = (name: string, program: string, ...args: string[]): Check => ({
  name,
  find: () =>
    new Promise((resolve) => {
      const said: Buffer[] = []
      const path = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`
      const child = spawn(program, args, {
        cwd: root,
        env: { ...process.env, PATH: path },
        shell: process.platform === 'win32',
      })
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => said.push(chunk))
      child.once('error', (error) => resolve(error.message))
      child.once('close', (code) =>
        resolve(code === 0 ? undefined : Buffer.concat(said).toString().trimEnd() || `exit code ${code}`),
      )
    }),
})

/** With addresses in it the lock file would tie everyone to one registry. */
const lockFile: Check = {
  name: 'lock file',
  find: async () => {
    const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { resolved?: string; link?: boolean }>
    }
    const resolved = Object.entries(packages).filter(([, entry]) => entry.resolved !== undefined && entry.link !== true)
    return resolved.length === 0
      ? undefined
      : `"resolved" must not be in package-lock.json: ${resolved.map(([name]) => name).join(', ')}`
  },
}

const optional = (file: string, check: Check) => (existsSync(join(root, file)) ? [check] : [])

const checks: Check[] = [
  command('types', 'tsc', '-p', 'tsconfig.json'),
  ...optional('apps/web/tsconfig.json', command('types of the web UI', 'tsc', '-p', 'apps/web/tsconfig.json')),
  command('lint', 'oxlint', '--type-aware', '.'),
  command('generated files', process.execPath, 'tools/generate.ts', '--check'),
  ...optional('tools/rooms.ts', command('rooms', process.execPath, 'tools/rooms.ts')),
  command('format', 'oxfmt', '--check', '.'),
  lockFile,
]

const count = { passed: 0, failed: 0 }
const failures: string[] = []
/** How much of what a check said is repeated at the end of everything. */
const SHOWN_LINES = 20

const work = async (queue: Check[]) => {
  for (let check = queue.shift(); check !== undefined; check = queue.shift()) {
    const started = performance.now()
    const wrong = await check.find()
    count[wrong === undefined ? 'passed' : 'failed']++
    const seconds = ((performance.now() - started) / 1000).toFixed(1)
    console.log(`${wrong === undefined ? '✓' : '✗'} ${check.name.padEnd(22)} ${seconds} s`)
    if (wrong === undefined) continue
    console.log(`\n${wrong}\n`)
    failures.push(`${check.name}\n    ${wrong.split('\n').slice(0, SHOWN_LINES).join('\n    ')}`)
  }
}

// two at a time, the long ones first
const queue = [...checks]
await Promise.all([work(queue), work(queue)])
console.log(`\n${count.passed} passed, ${count.failed} failed`)
await report(count, failures)
process.exitCode = count.failed === 0 ? 0 : 1
