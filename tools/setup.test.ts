import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

/** A checkout in which nothing is installed. Its one dependency is a folder of its own, so nothing is fetched. */
let root: string
beforeEach(async () => {
  root = await realpath(await mkdtemp(join(tmpdir(), 'setup-')))
  await cp(join(import.meta.dirname, 'setup.mjs'), join(root, 'tools', 'setup.mjs'))
  await cp(join(import.meta.dirname, 'setup'), join(root, 'tools', 'setup'), { recursive: true })
  const workspaces = ['apps/*', 'packages/*']
  await write('package.json', { name: 'house', version: '1.0.0', workspaces })
  await write('apps/web/package.json', { name: 'web', version: '1.0.0', scripts: { build: 'node build.mjs' } })
  await write('packages/contract/package.json', { name: 'contract', version: '1.0.0' })
  await write(
    'apps/web/build.mjs',
    "import { appendFileSync, mkdirSync } from 'node:fs'\nmkdirSync('dist', { recursive: true })\nappendFileSync('dist/built', 'x')\n",
  )
  await write('package-lock.json', {
    name: 'house',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'house', version: '1.0.0', workspaces },
      'apps/web': { name: 'web', version: '1.0.0' },
      'node_modules/contract': { resolved: 'packages/contract', link: true },
      'node_modules/web': { resolved: 'apps/web', link: true },
      'packages/contract': { version: '1.0.0' },
    },
  })
})
afterEach(async () => {
  await rm(root, { recursive: true })
})

const write = async (path: string, content: string | object) => {
  await mkdir(dirname(join(root, path)), { recursive: true })
  await writeFile(join(root, path), typeof content === 'string' ? content : JSON.stringify(content))
}

const setup = (...args: string[]) =>
  new Promise<{ code: number; said: string }>((resolve) => {
    const script = join(root, 'tools', 'setup.mjs')
    execFile(process.execPath, [script, ...args], { cwd: root }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr })
    })
  })

const builds = () => readFile(join(root, 'apps/web/dist/built'), 'utf8')

test('a fresh checkout is installed once, then left alone in silence', async () => {
  const first = await setup()
  expect(first).toMatchObject({
    code: 0,
    said: expect.stringMatching(/^Installing dependencies .*\nInstalled in \d+ s\.\n$/),
  })
  expect(await setup()).toEqual({ code: 0, said: '' })
  await rm(join(root, 'node_modules'), { recursive: true })
  expect((await setup()).said).toContain('Installed')
})

test('two at once do the work once', async () => {
  const both = await Promise.all([setup('start'), setup('start')])
  expect(both.map(({ code }) => code)).toEqual([0, 0])
  expect(both.filter(({ said }) => said.includes('Installing'))).toHaveLength(1)
  expect(await builds()).toBe('x')
})

test('the web UI is built when it is missing and when its sources change', async () => {
  await setup('start')
  expect(await builds()).toBe('x')
  expect(await setup('start')).toEqual({ code: 0, said: '' })
  await write('packages/contract/src/index.ts', 'export {}')
  expect((await setup('start')).said).toContain('Building the web UI')
  expect(await builds()).toBe('xx')
})

test('a failure says what npm said', async () => {
  await write('apps/web/build.mjs', "throw new Error('no such colour')")
  const { code, said } = await setup('start')
  expect(code).toBe(1)
  expect(said).toContain('no such colour')
  expect(said).toContain('npm run build --workspace apps/web failed (exit code 1)')
})

test('a package that is not the one of the lock file is installed anew; one for another platform is not missed', async () => {
  const { isInstalled } = (await import(join(import.meta.dirname, 'setup', 'dependencies.mjs'))) as {
    isInstalled: (root: string) => boolean
  }
  const wanted = {
    'node_modules/a': { version: '1.0.0', integrity: 'sha512-x' },
    'node_modules/b': { version: '1.0.0', optional: true },
  }
  await write('package-lock.json', { packages: wanted })
  await write('node_modules/.package-lock.json', { packages: { 'node_modules/a': wanted['node_modules/a'] } })
  expect(isInstalled(root)).toBe(true)
  await write('node_modules/.package-lock.json', {
    packages: { 'node_modules/a': { version: '0.9.0', integrity: 'sha512-y' } },
  })
  expect(isInstalled(root)).toBe(false)
})

test('a Node that is too old is said, together with what to install', async () => {
  const { missingRuntime } = (await import(join(import.meta.dirname, 'setup', 'runtime.mjs'))) as {
    missingRuntime: (platform: string, version: string) => string | undefined
  }
  expect(missingRuntime('linux-x64', '20.20.2')).toBeUndefined()
  expect(missingRuntime('linux-x64', '18.19.0')).toContain('Node 20.0 or newer')
  expect(missingRuntime('darwin-arm64', '22.18.0')).toContain('Node 22.19 or newer')
  expect(missingRuntime('darwin-arm64', '22.19.0')).toBeUndefined()
})
