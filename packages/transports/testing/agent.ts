import { execFileSync, spawn } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { once } from 'node:events'
import { findProgram } from './find-sshd.ts'

export interface KeyAgent extends AsyncDisposable {
  readonly socketPath: string
  /** Gives it a private key without a passphrase, in OpenSSH format. */
  add(privateKey: string): Promise<void>
}

/** A real ssh-agent without keys. */
export const startAgent = async (): Promise<KeyAgent> => {
  const folder = await mkdtemp(join(tmpdir(), 'opsconductor-agent-'))
  const socketPath = join(folder, 'agent')
  const agent = spawn(findProgram('ssh-agent') ?? 'ssh-agent', ['-D', '-a', socketPath], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  await once(agent.stdout, 'data') // it says where it listens
  return {
    socketPath,
    async add(privateKey) {
      const path = join(folder, 'key')
      await writeFile(path, privateKey, { mode: 0o600 })
      await chmod(path, 0o600)
      execFileSync(findProgram('ssh-add') ?? 'ssh-add', ['-q', path], { env: { SSH_AUTH_SOCK: socketPath } })
      await rm(path)
    },
    [Symbol.asyncDispose]: async () => {
      const exit = once(agent, 'exit')
      agent.kill()
      await exit
      await rm(folder, { recursive: true, force: true })
    },
  }
}
