import { appendFileSync } from 'node:fs'
import { createSshWire, type SshAddress, type SshLogin } from '../../src/index.ts'

/** An executor to be killed: starts a detached command and writes what it hears of it to a file, until it is ended. */
const { address, login, guardDirectory, id, script, file } = JSON.parse(process.argv[2] ?? '{}') as {
  address: SshAddress
  login: SshLogin
  guardDirectory: string
  id: string
  script: string
  file: string
}
const signal = new AbortController().signal
const wire = createSshWire({ guardDirectory })
const shell = await wire.connect({ address, login, trust: async () => 'trusted', signal, poolKey: 'one' })
await shell.detach({ id, script, signal })
await shell.follow({ id, signal, onOutput: (stream, bytes) => appendFileSync(`${file}.${stream}`, bytes) })
