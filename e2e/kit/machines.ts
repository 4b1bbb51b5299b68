import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { findProgram, startSshd, type Sshd } from '@opsconductor/transports/testing'

/** Machines to run commands on, which all let in the user who runs the tests by the same key. */
export interface Machines extends AsyncDisposable {
  readonly all: Sshd[]
  readonly username: string
  readonly privateKey: string
  /** A folder of all machines and of the tests; its path has nothing that a shell would read. */
  readonly folder: string
  /** Makes another key pair that no machine knows; gives back the private one. */
  readonly makeKey: (passphrase: string) => Promise<string>
  /** One more machine, at a loopback address that is not taken yet. */
  readonly add: () => Promise<Sshd>
}

/** OpenSSH servers at 127.0.0.1, 127.0.0.2, …, each with a host key of its own. */
export const startMachines = async (count: number): Promise<Machines> => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'opsconductor-machines-')))
  let keys = 0
  const makeKey = async (passphrase: string): Promise<string> => {
    const path = join(folder, `key-${++keys}`)
    execFileSync(findProgram('ssh-keygen') ?? '', ['-q', '-t', 'ed25519', '-N', passphrase, '-f', path])
    return readFile(path, 'utf8')
  }
  const privateKey = await makeKey('')
  const sameKey = join(folder, 'sshd_same_key')
  // of a setting that is said twice the first counts (sshd_config(5))
  await writeFile(sameKey, `AuthorizedKeysFile ${join(folder, 'key-1.pub')}\n`)
  const all: Sshd[] = []
  let address = 0
  const add = async () => {
    const machine = await startSshd({ host: `127.0.0.${++address}`, settings: { Include: sameKey } })
    all.push(machine)
    return machine
  }
  for (let left = count; left > 0; left--) await add()
  return {
    all,
    username: userInfo().username,
    privateKey,
    folder,
    makeKey,
    add,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(all.map((one) => one.stop()))
      await rm(folder, { recursive: true, force: true })
    },
  }
}
