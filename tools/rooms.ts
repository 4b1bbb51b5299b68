/**
 * Holds the rules of who may import whom (CONTRIBUTING.md, "Rooms"). The rules themselves are `rooms/table.ts`.
 *
 *     node tools/rooms.ts             this checkout
 *     node tools/rooms.ts <folder>    another one
 *
 * Says one line for each violation and ends with 1 when there is one.
 */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { findViolations } from './rooms/violations.ts'

const root = process.argv[2] ?? join(import.meta.dirname, '..')

/** What git knows, and what it would take if asked to add everything. */
const listFiles = () => {
  const options = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate']
  return execFileSync('git', options, { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
    .split('\0')
    .filter((path) => path !== '' && existsSync(join(root, path))) // deleted, but not yet in git
}

const violations = findViolations(root, listFiles())
for (const { path, line, what, rule } of violations) console.error(`${path}:${line} ${what}: ${rule}`)
process.exitCode = violations.length === 0 ? 0 : 1
