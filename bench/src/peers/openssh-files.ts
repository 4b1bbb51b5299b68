import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cipher, quickKex } from '../ground/algorithms.ts'
import type { Targets } from '../ground/targets.ts'
import { pidsWith } from '../ground/processes.ts'

/** A folder with all that OpenSSH's programs need to reach the targets by name, with the same algorithms as we do. */
export interface OpensshFiles extends AsyncDisposable {
  readonly folder: string
  /** A configuration for `ssh -F`: nothing kept open, masters kept open, or whatever key exchange OpenSSH likes best. */
  readonly config: Record<'plain' | 'kept' | 'ownKex', string>
  /** A file with the targets' names, a line each. */
  readonly hosts: string
  readonly names: readonly string[]
  /** What the programs print goes below this folder. */
  readonly output: string
  /** Ends the masters that were left in the background. */
  endMasters(): void
}

export const writeOpensshFiles = async (targets: Targets): Promise<OpensshFiles> => {
  const folder = await mkdtemp(join(tmpdir(), 'oc-peers-')) // short: the path of a socket has 108 bytes at most
  const inFolder = (name: string) => join(folder, name)
  const { algorithm, key } = targets.hostKey
  await writeFile(inFolder('key'), targets.privateKey, { mode: 0o600 })
  await writeFile(inFolder('known'), `bench ${algorithm} ${key}\n`)
  await writeFile(inFolder('hosts'), targets.names.map((name) => `${name}\n`).join(''))
  await mkdir(inFolder('out'))
  const options = {
    HostName: targets.host,
    Port: String(targets.port),
    User: targets.username,
    HostKeyAlias: 'bench',
    IdentityFile: inFolder('key'),
    IdentitiesOnly: 'yes',
    UserKnownHostsFile: inFolder('known'),
    StrictHostKeyChecking: 'yes',
    BatchMode: 'yes',
    LogLevel: 'ERROR',
    Ciphers: cipher,
  }
  const write = async (name: string, more: Record<string, string>): Promise<string> => {
    const lines = Object.entries({ ...options, ...more }).map(([option, value]) => `  ${option} ${value}\n`)
    await writeFile(inFolder(name), `Host *\n${lines.join('')}`)
    return inFolder(name)
  }
  const kept = { ControlMaster: 'auto', ControlPersist: '600', ControlPath: inFolder('m-%n') }
  const endMasters = (): void => {
    for (const pid of pidsWith(folder)) process.kill(pid)
  }
  return {
    folder,
    config: {
      plain: await write('plain', { KexAlgorithms: quickKex }),
      kept: await write('kept', { KexAlgorithms: quickKex, ...kept }),
      ownKex: await write('own-kex', {}),
    },
    hosts: inFolder('hosts'),
    names: targets.names,
    output: inFolder('out'),
    endMasters,
    [Symbol.asyncDispose]: async () => {
      endMasters()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
