// winrscmd.dll: shells, the commands in them, and the quotas on both.
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { Ns } from '../src/wsman/namespaces.ts'
import { child, descendant } from '../src/wsman/xml-reader.ts'
import type { Asked, Fault } from './envelopes.ts'
import { faults } from './faults.ts'
import { createRunspacePool, type RunspacePool } from './runspaces.ts'
import { startProgram, type OwnPrograms, type Surroundings } from './programs.ts'
import { follow, type Running } from './running.ts'

export type Quotas = {
  /** Shells at a time. */
  readonly maxShells: number
  /** Commands of one shell: never given back before the shell ends. */
  readonly maxOperations: number
}

type Shell = {
  readonly id: string
  readonly surroundings: Surroundings
  readonly commands: Map<string, Running>
  operations: number
  readonly runspace: RunspacePool | undefined
}

export type ShellsOptions = Quotas &
  OwnPrograms & {
    readonly home: string
    readonly environment: Readonly<Record<string, string>>
    readonly pieceBytes: number
  }

/** A result's body, or the fault instead. */
export type Outcome = string | Fault

/** Waits until the program has read enough of its input, but not longer than asked. */
const drained = async (stdin: Writable, limitMs: number): Promise<boolean> => {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), limitMs)
  const { signal } = controller
  try {
    await Promise.race([once(stdin, 'drain', { signal }), once(stdin, 'close', { signal })])
    return true
  } catch {
    return false
  } finally {
    clearTimeout(timer)
    controller.abort()
  }
}

export const createShells = (options: ShellsOptions) => {
  const shells = new Map<string, Shell>()

  const end = (shell: Shell) => {
    shells.delete(shell.id)
    for (const running of shell.commands.values()) {
      running.abort()
      running.program.kill('terminate')
    }
  }

  const create = ({ body, resourceUri, options: asOptions }: Asked): Outcome => {
    if (shells.size >= options.maxShells) return faults.maxShells
    const asked = child(body, Ns.shell, 'Shell')
    const variables = child(asked, Ns.shell, 'Environment')?.children ?? []
    const own = Object.fromEntries(variables.map((entry) => [entry.attributes.get('Name') ?? '', entry.text]))
    const surroundings = {
      cwd: child(asked, Ns.shell, 'WorkingDirectory')?.text ?? options.home,
      environment: { ...options.environment, ...own },
    }
    // PowerShell's own shells bring their number with them
    const id = asked?.attributes.get('ShellId') ?? randomUUID().toUpperCase()
    const runspace = asOptions.has('protocolversion') ? createRunspacePool(id, options.powerShell) : undefined
    shells.set(id, { id, surroundings, commands: new Map(), operations: 0, runspace })
    return (
      `<x:ResourceCreated><a:Address>http://simulated/wsman</a:Address><a:ReferenceParameters>` +
      `<w:ResourceURI>${resourceUri}</w:ResourceURI><w:SelectorSet><w:Selector Name="ShellId">${id}</w:Selector></w:SelectorSet>` +
      `</a:ReferenceParameters></x:ResourceCreated><rsp:Shell><rsp:ShellId>${id}</rsp:ShellId>` +
      `<rsp:InputStreams>stdin</rsp:InputStreams><rsp:OutputStreams>stdout stderr</rsp:OutputStreams></rsp:Shell>`
    )
  }

  const command = (shell: Shell, { body }: Asked): Outcome => {
    if (shell.operations >= options.maxOperations) return faults.maxOperations
    shell.operations++
    const line = child(body, Ns.shell, 'CommandLine')
    const parts = (line?.children ?? []).filter(({ name }) => name === 'Command' || name === 'Arguments')
    const text = parts.map((part) => part.text).join(' ')
    const id = line?.attributes.get('CommandId') ?? randomUUID().toUpperCase()
    const program =
      shell.runspace?.start(id, Buffer.from(text, 'base64'), shell.surroundings) ??
      startProgram(text, shell.surroundings, options)
    shell.commands.set(id, follow(program, id, options.pieceBytes))
    return `<rsp:CommandResponse><rsp:CommandId>${id}</rsp:CommandId></rsp:CommandResponse>`
  }

  const receive = async (shell: Shell, asked: Asked): Promise<Outcome> => {
    const id = descendant(asked.body, Ns.shell, 'DesiredStream')?.attributes.get('CommandId') ?? ''
    if (id === '' && shell.runspace !== undefined) return shell.runspace.receive() ?? faults.timedOut
    const running = shell.commands.get(id)
    if (running === undefined) return faults.noCommand
    const room = Math.floor(asked.maxEnvelopeBytes * 0.9)
    const answer = await running.receive(Math.min(asked.operationTimeoutMs, 60_000), room, asked.messageId)
    return running.isAborted ? faults.aborted : (answer ?? faults.timedOut)
  }

  const send = async (shell: Shell, { body, operationTimeoutMs }: Asked): Promise<Outcome> => {
    for (const stream of child(body, Ns.shell, 'Send')?.children ?? []) {
      const running = shell.commands.get(stream.attributes.get('CommandId') ?? '')
      if (running === undefined || running.program.stdin.destroyed) return faults.noCommand
      const { stdin } = running.program
      const data = Buffer.from(stream.text, 'base64')
      if (data.length > 0 && !stdin.write(data) && !(await drained(stdin, operationTimeoutMs))) return faults.timedOut
      if (stream.attributes.get('End')?.toLowerCase() === 'true') stdin.end()
    }
    return '<rsp:SendResponse/>'
  }

  const signal = (shell: Shell, { body }: Asked): Outcome => {
    const asked = child(body, Ns.shell, 'Signal')
    const running = shell.commands.get(asked?.attributes.get('CommandId') ?? '')
    if (running === undefined) return faults.noCommand
    const code = child(asked, Ns.shell, 'Code')?.text.replace(/^.*\//, '')
    running.program.kill(code === 'ctrl_c' || code === 'ctrl_break' ? code : 'terminate')
    return '<rsp:SignalResponse/>'
  }

  return {
    get count() {
      return shells.size
    },
    /** As when the service is restarted: every shell is gone, and what ran in it. */
    endAll() {
      for (const shell of shells.values()) end(shell)
    },
    async serve(asked: Asked): Promise<Outcome> {
      if (asked.name === 'Create') return create(asked)
      const shell = shells.get(asked.shellId?.toUpperCase() ?? '')
      if (shell === undefined) return faults.noShell
      switch (asked.name) {
        case 'Command':
          return command(shell, asked)
        case 'Receive':
          return receive(shell, asked)
        case 'Send':
          return send(shell, asked)
        case 'Signal':
          return signal(shell, asked)
        case 'Delete':
          end(shell)
          return ''
        default:
          return faults.accessDenied
      }
    },
  }
}
