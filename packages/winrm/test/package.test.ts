import { execFileSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'

const own = join(import.meta.dirname, '..')
const root = join(own, '../..')
const folder = mkdtempSync(join(tmpdir(), 'winrm-package-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A copy, for packing changes package.json for a moment and others are using it. */
const copy = () => {
  const packed = join(folder, 'packages/winrm')
  mkdirSync(packed, { recursive: true })
  for (const name of readdirSync(own).filter((name) => !['node_modules', 'dist', 'test'].includes(name)))
    cpSync(join(own, name), join(packed, name), { recursive: true })
  cpSync(join(root, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
  return packed
}

const PROGRAM = `
import { collect, connect } from '@opsconductor/winrm'
import { startWindows } from '@opsconductor/winrm/testing'
await using windows = await startWindows({ users: { anna: 'x' } })
await using client = await connect({
  host: windows.host, port: windows.port, credentials: { type: 'ntlm', username: 'anna', password: 'x' },
})
console.log((await collect(await client.run('echo from the package'))).stdout.trim())
`

test('npm pack gives a package that a plain Node project can import', { timeout: 120_000 }, () => {
  const packed = copy()
  const before = readFileSync(join(packed, 'package.json'), 'utf8')
  const PATH = [join(root, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH']].join(delimiter)
  const run = (file: string, args: readonly string[], cwd: string) =>
    execFileSync(file, args, { cwd, env: { ...process.env, PATH }, encoding: 'utf8', stdio: 'pipe' })
  run('npm', ['pack', '--silent', '--ignore-scripts=false'], packed)
  expect(readFileSync(join(packed, 'package.json'), 'utf8')).toBe(before)

  const project = join(folder, 'project')
  const modules = join(project, 'node_modules')
  mkdirSync(join(modules, '@opsconductor'), { recursive: true })
  const tarball = readdirSync(packed).find((name) => name.endsWith('.tgz'))!
  run('tar', ['-xzf', join(packed, tarball)], project)
  cpSync(join(project, 'package'), join(modules, '@opsconductor/winrm'), { recursive: true })
  for (const name of ['saxes', 'xmlchars'])
    cpSync(join(root, 'node_modules', name), join(modules, name), { recursive: true })
  expect(readdirSync(join(modules, '@opsconductor/winrm')).sort((a, b) => a.localeCompare(b))).toEqual([
    'dist',
    'LICENSE',
    'package.json',
    'README.md',
  ])

  writeFileSync(join(project, 'program.mjs'), PROGRAM)
  const said = run(process.execPath, ['--no-experimental-strip-types', 'program.mjs'], project)
  expect(said.trim()).toBe('from the package')
})
