import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/**
 * Runs npm quietly.
 * @throws {Error} with everything it said, when it fails
 */
export const npm = async (root, args) => {
  const [command, before] = npmCommand(root)
  const said = []
  const child = spawn(command, [...before, ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32' && before.length === 0, // npm is a .cmd file there
  })
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => said.push(chunk))
  const ended = await new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)))
  })
  if (ended === undefined) return
  throw new Error(`${Buffer.concat(said).toString().trim()}\n\nnpm ${args.join(' ')} failed (${ended}).`)
}

/** The npm that called us, else the one of the path. */
const npmCommand = (root) => {
  const cli = process.env.npm_execpath
  return cli?.endsWith('.js') && existsSync(cli) ? [machineNode(root), [cli]] : ['npm', []]
}

/** Not the Node inside node_modules, which npm scripts put in front: npm is about to remove it. */
const machineNode = (root) => {
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => !folder.includes('node_modules'))
  const inside = process.execPath.startsWith(join(root, 'node_modules'))
  return (inside && folders.map((folder) => join(folder, name)).find((path) => existsSync(path))) || process.execPath
}
