import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Contestant } from '../report/turns.ts'
import { atOnce, connectionWords } from './fan-out.ts'
import { isHere } from './install.ts'
import type { OpensshFiles } from './openssh-files.ts'
import { runPeer } from './program.ts'

/** Whatever `ansible` needs to know, as files and variables. */
const environment = async (files: OpensshFiles, connections: 'plain' | 'kept') => {
  const inventory = join(files.folder, 'inventory')
  await writeFile(
    inventory,
    files.names.map((name) => `${name} ansible_python_interpreter=/usr/bin/python3\n`).join(''),
  )
  return {
    inventory,
    env: {
      ANSIBLE_LOCAL_TEMP: join(files.folder, 'ansible'),
      ANSIBLE_REMOTE_TEMP: join(files.folder, 'ansible-there'),
      ANSIBLE_FORKS: String(atOnce),
      ANSIBLE_GATHERING: 'explicit',
      ANSIBLE_PIPELINING: 'true',
      ANSIBLE_NOCOLOR: 'true',
      // without arguments of its own it would add a ControlPersist that we did not ask for
      ANSIBLE_SSH_ARGS: `-F ${files.config[connections]}`,
    },
  }
}

/** `ansible -m raw`: nothing but the command, no Python on the target. */
export const ansibleRaw = async (files: OpensshFiles, connections: 'plain' | 'kept'): Promise<Contestant[]> => {
  if (!isHere('ansible')) return []
  const { inventory, env } = await environment(files, connections)
  return [
    {
      name: `ansible -m raw${connectionWords[connections]}`,
      go: () => runPeer(files, { program: 'ansible', args: ['all', '-i', inventory, '-m', 'raw', '-a', 'true'], env }),
    },
  ]
}

/** `ansible-playbook` with so many tasks that run `true`, with pipelining. */
export const ansiblePlaybook = async (files: OpensshFiles, tasks: number): Promise<Contestant[]> => {
  if (!isHere('ansible-playbook')) return []
  const { inventory, env } = await environment(files, 'kept')
  const playbook = join(files.folder, 'playbook.yml')
  const task = '    - command: /bin/true\n'
  await writeFile(playbook, `- hosts: all\n  gather_facts: false\n  tasks:\n${task.repeat(tasks)}`)
  return [
    {
      name: 'ansible-playbook, pipelining',
      go: () => runPeer(files, { program: 'ansible-playbook', args: ['-i', inventory, playbook], env }),
    },
  ]
}
