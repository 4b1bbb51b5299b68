import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { readFile, rm } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { cancelled, TransportError } from '../fault.ts'
import { answerTo, isPasswordChange } from '../ssh/answers.ts'
import { placeName } from '../ssh/dial.ts'
import type { SshEndpoint } from '../ssh/endpoint.ts'
import { deniedFault, untrustedFault } from '../ssh/handshake-fault.ts'
import { describeHostKey, type HostKey } from '../ssh/host-key.ts'
import { passwordExpired, unanswered, type SshLogin } from '../ssh/login.ts'
import type { Phases } from '../ssh/phases.ts'
import { createDeadline } from '../wait.ts'
import { masterArguments, type MasterArguments } from './arguments.ts'
import { startKeyAgent, type AgentSource } from './key-agent.ts'
import { masterFault } from './master-fault.ts'

export type MasterOrder = Omit<MasterArguments, 'address' | 'login' | 'knownAlgorithms'> & {
  endpoint: SshEndpoint
  askpass: string
  /** The whole environment of ssh. */
  environment: Record<string, string>
  keys: AgentSource
  timeoutMs: number
  phases: Phases
  signal: AbortSignal
}

export type Master = { hostKey: HostKey; software: string }

/** Starts `ssh` as a master and resolves when it is logged in and in the background. Throws a TransportError. */
export const startMaster = async (order: MasterOrder): Promise<Master> => {
  const { endpoint, files, phases, timeoutMs } = order
  const { address, login } = endpoint
  const knownAlgorithms = endpoint.knownAlgorithms ?? []
  const outcome = Promise.withResolvers<void>()
  const fail = (error: unknown): void => outcome.reject(error)
  let hostKey: HostKey | undefined
  let software = ''
  const said: string[] = []

  // called by the first who wants something of ours; see key-agent.ts
  const judge = async (): Promise<boolean> => {
    const [, blob = ''] = (await readFile(files.offered, 'utf8')).trim().split(' ')
    const offered = describeHostKey(Buffer.from(blob, 'base64'))
    const verdict = await endpoint.trust(offered)
    if (verdict !== 'trusted') throw untrustedFault(address, offered, verdict)
    hostKey = offered
    phases.finish()
    phases.begin('authentication')
    return true
  }
  let judged: Promise<boolean> | undefined
  const mayGoOn = async (): Promise<boolean> => {
    judged ??= judge()
    try {
      return await judged
    } catch (error) {
      fail(error)
      return false
    }
  }

  using deadline = createDeadline(timeoutMs, order.signal)
  using _agent = await startKeyAgent(files.agent, order.keys, mayGoOn)
  phases.begin('dns')
  const ask = `oc-${randomBytes(16).toString('hex')}`
  const child = spawn(order.program, masterArguments({ ...order, address, login, knownAlgorithms }), {
    cwd: '/',
    detached: true, // a Ctrl-C in the terminal is for us, not for it
    stdio: ['pipe', 'ignore', 'pipe'],
    env: {
      ...order.environment,
      LC_ALL: 'C', // what it says is read
      SSH_ASKPASS: order.askpass,
      SSH_ASKPASS_REQUIRE: 'force', // OpenSSH 8.4
      OPSCONDUCTOR_ASK: ask,
    },
  })
  child.stdin.on('error', () => {}) // it may end without having asked anything
  const answers = createAnswers(login)
  const answer = async (question: string): Promise<void> => {
    // no answer leaves us before the host is trusted
    if (!(await mayGoOn())) return
    if (isPasswordChange([question]) || /\bold password/i.test(question))
      return fail(deniedFault(address, login.username, [], passwordExpired))
    const given = answers(question)
    if (given === undefined) fail(deniedFault(address, login.username, [], unanswered([question], 'password' in login)))
    else child.stdin.write(`${given}\n`)
  }

  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.startsWith(`${ask} `)) return void answer(line.slice(ask.length + 1).trim()).catch(fail)
    software = /remote software version (\S+)/.exec(line)?.[1] ?? software
    if (/^debug1: (Connecting to|Executing proxy command)/.test(line)) advance(phases, 'dns', 'connect')
    // a jump host's ssh says nothing of this kind: then the first word of the server does
    if (/^debug1: (Connection established|Local version string)/.test(line)) advance(phases, 'connect', 'host_key')
    if (!/^debug\d: |^Authenticated to /.test(line) && line.trim() !== '') said.push(line.trim())
    if (said.length > 50) said.shift()
  })

  child.once('error', (cause) =>
    fail(
      new TransportError(
        'protocol',
        'connect',
        `OpenSSH cannot be started (${order.program}). Install openssh-client where the executor runs.`,
        { ...address, started: false },
        cause,
      ),
    ),
  )
  child.once('exit', (code) => {
    if (code === 0) outcome.resolve() // it has gone into the background
  })
  // what it said last is read by then
  child.once('close', () => {
    const { username } = login
    fail(masterFault({ address, username, knownAlgorithms, phase: phases.current(), said }))
  })
  const giveUp = (): void =>
    fail(
      deadline.cause() === 'cancelled'
        ? cancelled(phases.current(), address)
        : new TransportError(
            'timeout',
            phases.current(),
            `${placeName(address)} was not logged in to within ${timeoutMs / 1000} s. Check the address, and that an SSH server listens on this port.`,
            { ...address, started: false },
          ),
    )
  if (deadline.signal.aborted) giveUp()
  deadline.signal.addEventListener('abort', giveUp)

  try {
    await outcome.promise
    // an ssh that asked nobody, not even its agent, was not held back: it must not be used
    if (hostKey === undefined)
      throw new TransportError('protocol', 'host_key', 'OpenSSH logged in without showing the host key.', {
        ...address,
        started: false,
      })
    phases.finish()
    return { hostKey, software }
  } catch (error) {
    killGroup(child.pid)
    throw error
  } finally {
    child.stdin.destroy()
    void rm(files.offered, { force: true })
  }
}

const advance = (phases: Phases, from: 'dns' | 'connect', to: 'connect' | 'host_key'): void => {
  if (phases.current() !== from) return
  phases.finish()
  phases.begin(to)
}

// with the helpers it has started, e.g. a ProxyCommand
const killGroup = (pid: number | undefined): void => {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // it has ended by itself
  }
}

/** What to say to a question; a password once only. */
const createAnswers = (login: SshLogin): ((question: string) => string | undefined) => {
  const answers = ('answers' in login ? login.answers : undefined) ?? []
  let password = 'password' in login ? login.password : undefined
  return (question) => {
    const known = answerTo(question, answers)
    if (known !== undefined) return known
    const once = password
    password = undefined
    return once
  }
}
