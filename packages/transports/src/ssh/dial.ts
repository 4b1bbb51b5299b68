import { lookup } from 'node:dns/promises'
import type { LookupAddress } from 'node:dns'
import { isIP, connect, type LookupFunction, type Socket } from 'node:net'
import { once } from 'node:events'
import { cancelled, TransportError, type Fault } from '../fault.ts'
import { createDeadline, unlessAborted, type Deadline } from '../wait.ts'
import type { Phases } from './phases.ts'

export type SshAddress = { host: string; port: number }

export const placeName = ({ host, port }: SshAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

/** Finds the address and opens a TCP connection; the phases `dns` and `connect`, `timeoutMs` for both together. */
export const dial = async (
  address: SshAddress,
  { timeoutMs, signal, phases }: { timeoutMs: number; signal: AbortSignal; phases: Phases },
): Promise<Socket> => {
  using deadline = createDeadline(timeoutMs, signal)
  const tooLate = (): TransportError => givenUp(address, timeoutMs, phases, deadline)

  phases.begin('dns')
  const addresses = await unlessAborted(resolve(address), deadline.signal, tooLate)
  phases.finish()

  phases.begin('connect')
  const found: LookupFunction = (_host, options, done) => {
    const [first] = addresses
    if (options.all) done(null, addresses)
    else done(null, first?.address ?? '', first?.family ?? 0)
  }
  const socket = connect({
    ...address,
    noDelay: true, // ssh2 writes in small pieces: with Nagle's delay a command takes 44 ms instead of 2
    lookup: found,
    autoSelectFamilyAttemptTimeout: 1_000,
  })
  socket.on('error', () => {}) // whoever uses the socket hears of it by its close
  try {
    await unlessAborted(once(socket, 'connect'), deadline.signal, tooLate)
  } catch (error) {
    socket.destroy()
    throw error instanceof TransportError ? error : notConnected(address, error)
  }
  phases.finish()
  return socket
}

const resolve = async ({ host, port }: SshAddress): Promise<LookupAddress[]> => {
  const family = isIP(host)
  if (family !== 0) return [{ address: host, family }]
  try {
    return await lookup(host, { all: true })
  } catch (cause) {
    const isTemporary = codeOf(cause) === 'EAI_AGAIN'
    throw new TransportError(
      'unreachable',
      'dns',
      isTemporary
        ? `The name ${host} could not be looked up: the name server did not answer. Try again, or use the IP address.`
        : `The name ${host} is not known. Check the spelling, or use the IP address.`,
      { host, port, started: false },
      cause,
    )
  }
}

const givenUp = (address: SshAddress, timeoutMs: number, phases: Phases, deadline: Deadline): TransportError => {
  const phase = phases.current()
  if (deadline.cause() === 'cancelled') return cancelled(phase, address)
  const what =
    phase === 'dns'
      ? `The name ${address.host} was not found within ${timeoutMs / 1000} s. Check the name server.`
      : `${placeName(address)} did not answer within ${timeoutMs / 1000} s. Check the address, and that no firewall swallows the connection.`
  return new TransportError('timeout', phase, what, { ...address, started: false })
}

export const codeOf = (error: unknown): string => {
  if (error instanceof AggregateError) return codeOf(error.errors.at(-1))
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

const notConnected = (address: SshAddress, cause: unknown): TransportError => {
  const place = placeName(address)
  const say = (fault: Fault, message: string): TransportError =>
    new TransportError(fault, 'connect', message, { ...address, started: false }, cause)
  const code = codeOf(cause)
  switch (code) {
    case 'ECONNREFUSED':
      return say('refused', `${place} refused the connection. Check the port, and that the SSH server runs there.`)
    case 'ECONNRESET':
    case 'EPIPE':
      return say(
        'refused',
        `${place} broke the connection off. Check that no firewall or block list rejects this server.`,
      )
    case 'ETIMEDOUT':
      return say('timeout', `${place} did not answer. Check the address, and that no firewall swallows the connection.`)
    default:
      return say(
        'unreachable',
        `${place} cannot be reached (${code || 'no reason given'}). Check the address and the network between.`,
      )
  }
}
