import { execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findViolations } from './rooms/violations.ts'

let root = ''

const write = async (path: string, text: string) => {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), text)
}

/** Judges a tree of nothing but these files, and the workspaces' package.json. */
const check = async <T>(files: Record<string, string>, judge: (paths: string[]) => T): Promise<T> => {
  for (const [path, text] of Object.entries(files)) await write(path, text)
  try {
    return judge([...workspaces, ...Object.keys(files)])
  } finally {
    for (const path of Object.keys(files)) await rm(join(root, path))
  }
}

const find = (files: Record<string, string>) => check(files, (paths) => findViolations(root, paths))

/** The program as `npm run check` starts it. */
const run = (files: Record<string, string>) =>
  check(files, () => spawnSync(process.execPath, [join(import.meta.dirname, 'rooms.ts'), root], { encoding: 'utf8' }))

const workspaces = ['contract', 'transports'].map((name) => `packages/${name}/package.json`)

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'opsconductor-rooms-'))
  execFileSync('git', ['init', '--quiet', root])
  await write(
    'packages/contract/package.json',
    JSON.stringify({ name: '@opsconductor/contract', exports: { '.': './src/index.ts' } }),
  )
  await write(
    'packages/transports/package.json',
    JSON.stringify({
      name: '@opsconductor/transports',
      exports: { '.': './src/index.ts', './testing': './testing/index.ts' },
    }),
  )
})

afterAll(() => rm(root, { recursive: true, force: true }))

const source = 'apps/server/src'
const targets = `${source}/modules/assets/targets/targets.ts`

test('imports that run downhill, and through the doors, are nobody’s business', async () => {
  const violations = await find({
    [`${source}/main.ts`]: `import { createApp } from './app.ts'\nimport { startGateway } from './services/gateway.ts'`,
    [`${source}/app.ts`]: `import { openDatabase } from './kernel/database/index.ts'\nimport { createAssets } from './modules/assets/index.ts'`,
    [`${source}/services/gateway.ts`]: `import type { App } from '../app.ts'\nimport { createHttpServer } from '../kernel/http/server.ts'`,
    [`${source}/modules/automation/jobs/jobs.ts`]: `import type { Assets } from '../../assets/index.ts'`,
    [targets]: `import { api } from '@opsconductor/contract'\nimport { TransportError } from '@opsconductor/transports'\nimport type { Kysely } from 'kysely'`,
    [`${source}/modules/assets/targets/targets.store.ts`]: `import { sql } from 'kysely'\nexport const all = (db) => db.selectFrom('assets.targets')`,
    [`${source}/modules/assets/targets/targets.test.ts`]: `import { startSshd } from '@opsconductor/transports/testing'\nimport { cloneDatabase } from '../../../../test/database.ts'`,
    [`${source}/config.ts`]: `export const read = () => process.env`,
    [`${source}/kernel/queue/queue.ts`]: `import { fromKysely } from 'pg-boss'`,
    'apps/web/src/main.tsx': `import { api } from '@opsconductor/contract'\nexport const page = <main>{await import('./page.tsx')}</main>`,
    'tools/schema.ts': `import { openDatabase } from '../apps/server/src/kernel/database/index.ts'`,
  })
  expect(violations).toEqual([])
})

test.each<[broken: string, path: string, text: string, says: string]>([
  [
    'the web UI reaches into the server',
    'apps/web/src/main.tsx',
    `import type { App } from '../../server/src/app.ts'`,
    'web may import contract, not app',
  ],
  [
    'the CLI takes a wire',
    'apps/cli/src/start.ts',
    `import { createSshWire } from '@opsconductor/transports'`,
    'cli may import contract, winrm, not transports',
  ],
  [
    'the contract knows a wire',
    'packages/contract/src/api.ts',
    `import '@opsconductor/transports'`,
    'contract may import nothing of ours, not transports',
  ],
  [
    'a wire knows the contract',
    'packages/transports/src/fault.ts',
    `export * from '@opsconductor/contract'`,
    'transports may import winrm, not contract',
  ],
  [
    'the kernel knows a module, if only its types',
    `${source}/kernel/context.ts`,
    `import type { Identity } from '../modules/identity/index.ts'`,
    'kernel may import contract, not identity',
  ],
  [
    'the kernel knows a service, and asks for it late',
    `${source}/kernel/log.ts`,
    `export const start = () => import('../services/gateway.ts')`,
    'kernel may import contract, not services',
  ],
  [
    'a module knows the app',
    targets,
    `import type { App } from '../../../app.ts'`,
    'assets may import kernel, contract, transports, identity, not app',
  ],
  [
    'a service makes an app',
    `${source}/services/gateway.ts`,
    `import { type App, createApp } from '../app.ts'`,
    'not app',
  ],
  ['the app knows what starts it', `${source}/app.ts`, `import { stop } from './main.ts'`, 'not server start'],
  [
    'assets know automation',
    targets,
    `import type { Jobs } from '../../automation/index.ts'`,
    'assets may import kernel, contract, transports, identity, not automation',
  ],
  [
    'communication knows assets',
    `${source}/modules/communication/channels/channels.ts`,
    `import type { Assets } from '../../assets/index.ts'`,
    'communication may import kernel, contract, transports, identity, not assets',
  ],
  ['somebody imports insight', targets, `export type Trail = import('../../insight/index.ts').Trail`, 'not insight'],
  [
    'a module is not entered by its door',
    `${source}/modules/automation/plans/plans.ts`,
    `import type { Targets } from '../../assets/targets/targets.ts'`,
    'assets is entered by its index.ts only',
  ],
  [
    'a workspace is not entered by its door',
    targets,
    `import { problems } from '@opsconductor/contract/src/problems.ts'`,
    'contract is entered by its index.ts only',
  ],
  [
    'a workspace is imported by a path',
    targets,
    `import { api } from '../../../../../../packages/contract/src/index.ts'`,
    'another workspace is imported by its name',
  ],
  [
    'the program uses what is made for tests',
    targets,
    `import { startSshd } from '@opsconductor/transports/testing'`,
    'not transports tests',
  ],
  [
    'a rule imports an SQL builder',
    targets,
    `import { type Kysely, sql } from 'kysely'`,
    'only *.store.ts and kernel/database speak SQL',
  ],
  [
    'a rule asks the database itself',
    targets,
    `export const all = (ctx) => ctx.db.selectFrom('assets.targets')`,
    'only *.store.ts and kernel/database speak SQL',
  ],
  [
    'a store opens a connection of its own',
    `${source}/modules/assets/targets/targets.store.ts`,
    `import pg from 'pg'`,
    'only kernel/database opens connections',
  ],
  [
    'a module knows the queue engine',
    targets,
    `import { PgBoss } from 'pg-boss'`,
    'only kernel/queue uses the queue engine',
  ],
  [
    'a route file knows the HTTP framework',
    `${source}/modules/assets/targets/targets.routes.ts`,
    `import type { FastifyReply } from 'fastify'`,
    'only kernel/http knows the HTTP framework',
  ],
  ['a module speaks SSH itself', targets, `import { Client } from 'ssh2'`, 'only the wire ssh knows the SSH library'],
  [
    'a page takes Zod past the contract',
    'apps/web/src/form.ts',
    `import { z } from 'zod'`,
    'Zod comes from the contract',
  ],
  [
    'the kernel reads the environment',
    `${source}/kernel/log.ts`,
    `export const level = process.env['LEVEL']`,
    'only config.ts reads the environment',
  ],
  [
    'the kernel reads the environment under another name',
    `${source}/kernel/log.ts`,
    `import { env } from 'node:process'`,
    'only config.ts reads the environment',
  ],
  [
    'a rule makes a queue of its own',
    targets,
    `import { createQueue } from '../../../kernel/queue/queue.ts'`,
    'take it as a parameter',
  ],
  ['a file has an empty name', `${source}/kernel/http/utils.ts`, '', 'is called "utils"'],
  ['a folder has an empty name', 'apps/web/src/common/Logo.tsx', '', 'is called "common"'],
  ['a name ends in nothing', 'apps/cli/src/string-helpers.ts', '', 'is called "string-helpers"'],
])('it is found that %s', async (_broken, path, text, says) => {
  // behind an empty line, so that its number is one to be found
  const violations = await find({ [path]: text === '' ? '' : `\n${text}` })
  expect(violations).toHaveLength(1)
  const { what, rule, ...place } = violations[0] ?? {}
  expect(place).toEqual({ path, line: text === '' ? 1 : 2 })
  expect(`${what}: ${rule}`).toContain(says)
})

test('the program names place, import and rule, and fails', async () => {
  const { status, stderr } = await run({ [targets]: `import fastify from 'fastify'` })
  expect(stderr).toBe(`${targets}:1 imports fastify: only kernel/http knows the HTTP framework\n`)
  expect(status).toBe(1)
})

test('the program has nothing to say about a tree that keeps the rules', async () => {
  const { status, stderr } = await run({ [targets]: `import { api } from '@opsconductor/contract'` })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})
