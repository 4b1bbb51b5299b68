import type { Contestant } from '../report/turns.ts'
import { isHere } from './install.ts'
import type { OpensshFiles } from './openssh-files.ts'
import { type PeerCommand, runPeer } from './program.ts'

/** At once, as an executor of ours has slots. */
export const atOnce = 50

type Connections = 'plain' | 'kept' | 'ownKex'

export const connectionWords: Record<Connections, string> = {
  plain: '',
  kept: ' through ControlMaster',
  ownKex: ', OpenSSH’s own key exchange',
}

/** `xargs -P 50 ssh`: a process for each target. */
export const xargsSsh = (files: OpensshFiles, connections: Connections, command = 'true'): Contestant => ({
  name: `xargs -P ${atOnce} ssh${connectionWords[connections]}`,
  go: () =>
    runPeer(files, {
      program: 'xargs',
      args: ['-P', String(atOnce), '-I', '{}', 'ssh', '-F', files.config[connections], '{}', command],
      input: files.hosts,
    }),
})

/** The same, each output into a file of its own. */
export const xargsSshIntoFiles = (files: OpensshFiles, command: string): Contestant => {
  const ssh = `exec ssh -F ${files.config.plain} "$1" '${command}' >${files.output}/"$1"`
  return {
    name: `xargs -P ${atOnce} ssh, into files`,
    go: () =>
      runPeer(files, {
        program: 'xargs',
        args: ['-P', String(atOnce), '-I', '{}', 'sh', '-c', ssh, 'sh', '{}'],
        input: files.hosts,
      }),
  }
}

/** Those programs made for many machines that are here. */
export const fleetPrograms = (files: OpensshFiles, connections: 'plain' | 'kept'): Contestant[] => {
  const config = files.config[connections]
  const names = files.names.join(',')
  const contestant = (program: string, command: PeerCommand): Contestant => ({
    name: `${program}${connectionWords[connections]}`,
    go: () => runPeer(files, command),
  })
  const found: Contestant[] = []
  if (isHere('clush'))
    found.push(
      contestant('clush', {
        program: 'clush',
        args: ['-f', String(atOnce), '-o', `-F ${config}`, '-w', names, 'true'],
      }),
    )
  if (isHere('pdsh'))
    found.push(
      contestant('pdsh', {
        program: 'pdsh',
        args: ['-R', 'ssh', '-f', String(atOnce), '-w', names, 'true'],
        env: { PDSH_SSH_ARGS_APPEND: `-F ${config}` },
      }),
    )
  return found
}
