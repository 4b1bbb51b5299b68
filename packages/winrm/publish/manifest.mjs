// In this repository the package is used as it is written, without a build. What is packed is built: `npm pack` calls
// this before ("published": builds, and points package.json at what was built) and after ("own": puts it back).
import { execFileSync } from 'node:child_process'
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(import.meta.dirname, '..')
const manifest = join(folder, 'package.json')
const own = join(folder, 'package.own.json')

const door = (name) => ({ types: `./dist/${name}/index.d.ts`, default: `./dist/${name}/index.js` })

if (process.argv[2] === 'own') renameSync(own, manifest)
else {
  rmSync(join(folder, 'dist'), { recursive: true, force: true })
  execFileSync('tsc', ['-p', 'tsconfig.build.json'], {
    cwd: folder,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  copyFileSync(manifest, own)
  const { private: _private, scripts: _scripts, ...kept } = JSON.parse(readFileSync(manifest, 'utf8'))
  const published = { ...kept, exports: { '.': door('src'), './testing': door('testing') } }
  writeFileSync(manifest, `${JSON.stringify(published, null, 2)}\n`)
}
