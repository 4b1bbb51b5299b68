import { spawnSync } from 'node:child_process'
import { findProgram } from '@opsconductor/transports/testing'

/** Debian's package of each program that is measured beside ours. */
const packages = {
  ssh: 'openssh-client',
  scp: 'openssh-client',
  sshd: 'openssh-server',
  clush: 'clustershell',
  pdsh: 'pdsh',
  ansible: 'ansible-core',
  'ansible-playbook': 'ansible-core',
} as const

export type PeerProgram = keyof typeof packages

const tried = new Set<string>()

/** Whether a program is here; by apt, when it was missing. Says so when that fails. */
export const isHere = (program: PeerProgram): boolean => {
  if (findProgram(program) !== undefined) return true
  const name = packages[program]
  if (!tried.has(name)) {
    tried.add(name)
    console.log(`${program} is missing: apt-get install ${name}`)
    spawnSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', name], {
      stdio: 'ignore',
      timeout: 180_000,
    })
    if (findProgram(program) !== undefined) return true
    console.log(`${program} could not be installed and is left out`)
  }
  return findProgram(program) !== undefined
}
