import type { Duplex } from 'node:stream'
import type { Client } from 'ssh2'
import { TransportError } from '../fault.ts'
import type { Program } from '../posix/program.ts'
import { channelProgram } from './channel-program.ts'
import { ChannelRefused, type Channels, type Session } from './channels.ts'
import type { LostReason } from './connection.ts'
import { placeName, type SshAddress } from './dial.ts'
import type { LoggedIn } from './handshake.ts'
import { createSessions, writeAhead, type HeldSession } from './ssh2-inside.ts'
import { tunnelFault } from './tunnel-fault.ts'

/** So much of a command's input may follow the request for it unasked; nearly every script fits. */
export const AHEAD_BYTES = 32_768

/** A server heard of no longer ago than this is taken to be there: it answers a keepalive more often. */
export const HEARD_MS = 30_000

export const notAllowedFault = (address: SshAddress, cause?: unknown): TransportError =>
  new TransportError(
    'protocol',
    'command',
    `${placeName(address)} does not let this account run commands. Check its shell and its rights in sshd_config.`,
    { ...address, started: false },
    cause,
  )

/** The channels of a connection that ssh2 has logged in. */
export const ssh2Channels = (
  { client, hostKey, software, heardAt }: LoggedIn,
  address: SshAddress,
  lost: LostReason,
): Channels => {
  const sessions = createSessions(client)
  const isOpenSsh = software.startsWith('OpenSSH_')
  let isOver = false

  client.on('error', (error: Error & { level?: string }) => {
    lost.value ??=
      error.level === 'client-timeout'
        ? `${placeName(address)} no longer answered; the connection was given up.`
        : `The connection to ${placeName(address)} broke: ${error.message}.`
  })
  const over = new Promise<string | undefined>((resolve) => {
    const end = (): void => {
      isOver = true
      resolve(undefined)
    }
    client.on('end', end)
    client.on('close', end)
  })

  const refusal = (error: unknown): Error => {
    if (isOver || isLoss(error)) return new ChannelRefused('lost', error)
    return new ChannelRefused('full', error)
  }
  const notTaken = (error: unknown): Error =>
    isOver || isLoss(error) ? new ChannelRefused('lost', error) : notAllowedFault(address, error)

  // A server heard of just now is there. One not heard of for long may be gone, and a command sent to it would be of
  // unknown outcome; then the answer to the request is waited for.
  const isThere = (): boolean => isOpenSsh && performance.now() - heardAt() < HEARD_MS

  const openSession = (): Promise<Session> =>
    new Promise((resolve, reject) => {
      let state: 'opening' | 'held' | 'requested' | 'closed' = 'opening'
      let onClosed = (): void => {}
      const refused = Promise.withResolvers<TransportError>()
      const starting = Promise.withResolvers<Program>()
      starting.promise.catch(() => {}) // closed while it waited: nobody asks
      const fail = (error: unknown): void => {
        reject(refusal(error))
        // one that the server closed in advance was never told a command: the next channel may do
        const failure = state === 'requested' ? notTaken(error) : new ChannelRefused('lost', error)
        state = 'closed'
        if (failure instanceof TransportError) refused.resolve(failure)
        starting.reject(failure)
        onClosed()
      }
      const held = ({ exec, channel }: HeldSession): Session => ({
        isClosed: () => state === 'closed',
        async exec(commandLine, freed) {
          if (state === 'closed') {
            freed()
            return starting.promise
          }
          state = 'requested'
          onClosed = freed
          exec(commandLine)
          if (channel === undefined || !isThere()) return starting.promise
          onClosed = () => {} // the channel itself says when it no longer counts
          channel.once('close', freed)
          writeAhead(channel, AHEAD_BYTES)
          void refused.promise.then(() => channel.close())
          return channelProgram(channel, () => lost.value, refused.promise)
        },
      })
      try {
        sessions.open({
          onOpen: (session) => {
            state = 'held'
            resolve(held(session))
          },
          onStarted: (channel) => {
            channel.once('close', onClosed) // counted for as long as the server counts it
            starting.resolve(channelProgram(channel, () => lost.value))
          },
          onFailed: fail,
        })
      } catch (error) {
        fail(error)
      }
    })

  return {
    hostKey,
    isSpareHarmless: isOpenSsh,
    over,
    openSession,
    openTunnel: (to) => openTunnel(client, address, to),
    end: () => void client.end(),
    destroy: () => void client.destroy(),
  }
}

const openTunnel = (client: Client, from: SshAddress, to: SshAddress): Promise<Duplex> =>
  new Promise((resolve, reject) => {
    const fail = (error: Error & { reason?: unknown }): void =>
      // RFC 4254 §5.1: 1 is "administratively prohibited", and the text may say anything
      reject(tunnelFault(from, to, error.reason === 1 ? `prohibited: ${error.message}` : error.message, error))
    try {
      // the source address is for the log of the jump host (RFC 4254 §7.2)
      client.forwardOut('127.0.0.1', 0, to.host, to.port, (error, channel) => {
        if (error !== undefined) fail(error)
        else resolve(channel)
      })
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)))
    }
  })

const isLoss = (error: unknown): boolean =>
  error instanceof Error && /not connected|no response from server|channel is not open/i.test(error.message)
