/**
 * Writes the files that are generated from others and committed; `--check` only says which of them are stale.
 * A generated file is a line of this table.
 */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { describeConfig } from '../apps/server/src/config.ts'
import { makeOpenApi } from './openapi.ts'
import { makeSchema } from './schema.ts'

type Generated = { readonly path: string; readonly make: () => Promise<string> }

const generated: readonly Generated[] = [
  { path: 'apps/server/src/kernel/database/schema.gen.ts', make: makeSchema },
  { path: 'docs/configuration.md', make: async () => describeConfig() },
  { path: 'docs/api/openapi.json', make: makeOpenApi },
]

const root = join(import.meta.dirname, '..')
const checkOnly = process.argv.includes('--check')

const stale: string[] = []
for (const { path, make } of generated) {
  const file = join(root, path)
  const before = await readFile(file, 'utf8').catch(() => '') // not made yet
  const now = await make()
  if (now === before) continue
  stale.push(path)
  if (checkOnly) continue
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, now)
  console.log(`wrote ${path}`)
}

if (checkOnly && stale.length > 0) {
  console.error(`Stale: ${stale.join(', ')}. Run "npm run docs" and commit what it writes.`)
  process.exitCode = 1
}
