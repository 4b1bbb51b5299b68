import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const version = '4.1.15'

/** A call starts a command on the machine itself, and is answered with what that printed. */
const flows = (command: string) => [
  { id: 'flow', type: 'tab', label: 'run' },
  { id: 'call', type: 'http in', z: 'flow', x: 1, y: 1, url: '/run', method: 'get', wires: [['run']] },
  // without a place on the page it would be taken for a configuration
  {
    id: 'run',
    type: 'exec',
    z: 'flow',
    x: 2,
    y: 1,
    command,
    addpay: '',
    useSpawn: 'false',
    wires: [['answer'], [], []],
  },
  { id: 'answer', type: 'http response', z: 'flow', x: 3, y: 1, statusCode: '200', wires: [] },
]

/**
 * Node-RED from npm in a folder of its own, which goes away, with a flow that runs one command when it is called.
 *
 * @returns undefined, with a word, where it cannot be installed
 */
export const startNodeRed = async (command: string) => {
  const folder = await mkdtemp(join(tmpdir(), 'opsconductor-node-red-'))
  const remove = () => rm(folder, { recursive: true, force: true })
  console.log(`installing Node-RED ${version}`)
  const options = ['install', '--no-audit', '--no-fund', '--ignore-scripts', '--prefix', folder, `node-red@${version}`]
  if (spawnSync('npm', options, { stdio: 'ignore', timeout: 300_000 }).status !== 0) {
    console.log('Node-RED could not be installed and is left out')
    await remove()
    return undefined
  }
  const data = join(folder, 'data')
  await mkdir(data)
  await writeFile(join(data, 'flows.json'), JSON.stringify(flows(command)))
  const settings = {
    flowFile: 'flows.json',
    httpAdminRoot: false,
    telemetry: { enabled: false, updateNotification: false },
  }
  await writeFile(join(data, 'settings.js'), `module.exports = ${JSON.stringify(settings)}`)
  const port = await freePort()
  const program = join(folder, 'node_modules', 'node-red', 'red.js')
  const child = spawn(process.execPath, [program, '--userDir', data, '--port', String(port)], {
    env: { PATH: process.env['PATH'], HOME: folder },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise<void>((resolve, reject) => {
    let said = ''
    child.stdout.on('data', (bytes: Buffer) => {
      said += bytes.toString()
      if (said.includes('Started flows')) resolve()
    })
    child.once('exit', () => reject(new Error(`Node-RED ended: ${said.slice(-500)}`)))
  })
  return {
    /** What the command printed. */
    run: async (): Promise<string> =>
      (await fetch(`http://127.0.0.1:${port}/run`, { signal: AbortSignal.timeout(10_000) })).text(),
    [Symbol.asyncDispose]: async () => {
      child.removeAllListeners('exit')
      const exit = once(child, 'exit')
      child.kill()
      await exit
      await remove()
    },
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  if (address === null || typeof address === 'string') throw new Error('there is no free port')
  return address.port
}
