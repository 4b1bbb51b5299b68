/**
 * For those who work on OpsConductor: the server, started again whenever its code changes, and Vite's server for the web
 * UI, which shows changes at once and hands /api to the other. Arguments go to the server: `npm run dev -- --demo`.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const port = process.env['OPSCONDUCTOR_PORT'] ?? '7070'

const server = spawn(
  process.execPath,
  ['--watch', '--watch-preserve-output', 'apps/server/src/main.ts', ...process.argv.slice(2)],
  { cwd: root, stdio: 'inherit' },
)
const web = spawn(join(root, 'node_modules/.bin/vite'), [], {
  cwd: join(root, 'apps/web'),
  stdio: 'inherit',
  env: { ...process.env, OPSCONDUCTOR_PORT: port },
})

// the terminal sends Ctrl-C to all three; this one only has to wait for the others
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {
  server.kill('SIGTERM')
  web.kill('SIGTERM')
})
const endBoth = () => {
  server.kill('SIGINT')
  web.kill('SIGINT')
}
server.once('exit', endBoth)
web.once('exit', endBoth)
