import { ClientFrame, type Problem, type ServerFrame } from '@opsconductor/contract'
import { type Actor, type Context, system } from '../../../kernel/context.ts'
import { Refusal } from '../../../kernel/errors.ts'
import type { Identify } from '../../../kernel/http/registration.ts'
import { loudness, problemOf } from '../../../kernel/http/problem.ts'
import type { OpenSocket } from '../../../kernel/http/socket.ts'
import type { Wake } from '../../../kernel/wake/wake.ts'
import type { Executions } from '../executions/executions.ts'
import { openFeed } from './feeds.ts'
import { type OpenedSubscription, openSubscription } from './subscription.ts'

type Ports = { identify: Identify; executions: Executions; wake: Wake; base: Pick<Context, 'db' | 'log'> }

/** Whoever opens a connection has so long to say who they are. */
const introductionMs = 10_000
/** An ended session ends its connections this late at most. */
const sessionCheckMs = 10_000
const subscriptionsMax = 500

/** Answers `WS /api/v1/live`, the conversation that the contract describes in automation/live.ts. */
export const createLive =
  ({ identify, executions, wake, base }: Ports): OpenSocket =>
  (socket, requestId, address) => {
    const subscriptions = new Map<string, OpenedSubscription>()
    const ended = new AbortController()
    let actor: Actor | null = null
    let expiry: NodeJS.Timeout | undefined
    let sessionCheck: NodeJS.Timeout | undefined

    const send = (frame: ServerFrame) => socket.send(JSON.stringify(frame))
    const refuse = (error: unknown, id?: string) => {
      const problem: Problem = problemOf(error, requestId)
      if (problem.status >= 500) base.log[loudness(problem)]({ err: error, requestId }, 'a live connection failed')
      send({ type: 'problem', ...(id === undefined ? {} : { id }), problem })
      return problem
    }
    const end = (error: unknown) => {
      const { status } = refuse(error)
      // a fault of ours says nothing about the token
      if (status >= 500) socket.close(1011, 'try again in a moment')
      else socket.close(4401, 'log in again')
    }
    const context = (): Context => ({
      ...base,
      actor: actor ?? system('nobody'),
      requestId,
      address,
      signal: ended.signal,
      afterCommit: null,
    })

    const introduction = setTimeout(
      () => end(new Refusal('unauthenticated', 'The first frame must authenticate.')),
      introductionMs,
    )

    /** The session still lives, and what its user may do has not shrunk: else everything is opened anew. */
    const checkSession = async (accessToken: string) => {
      const who = await identify(accessToken)
      const lost = [...(actor?.permissions ?? [])].filter((permission) => !who.actor.permissions.has(permission))
      if (lost.length > 0) throw new Refusal('token_revoked', 'Your permissions have changed. Log in again.')
    }

    const authenticate = async (accessToken: string) => {
      try {
        const who = await identify(accessToken)
        if (ended.signal.aborted) return
        if (actor !== null && actor.uuid !== who.actor.uuid)
          throw new Refusal('forbidden', 'A connection stays with the user who opened it.')
        if (who.mustChangePassword) throw new Refusal('password_change_required', 'Change your password first.')
        actor = who.actor
        clearTimeout(introduction)
        clearTimeout(expiry)
        clearInterval(sessionCheck)
        expiry = setTimeout(
          () =>
            end(new Refusal('token_expired', 'The access token has expired: renew it on the same connection in time.')),
          who.expiresAt.getTime() - Date.now(),
        )
        sessionCheck = setInterval(() => void checkSession(accessToken).catch(end), sessionCheckMs)
        send({ type: 'authenticated', expiresAt: who.expiresAt.toISOString() })
      } catch (error) {
        end(error)
      }
    }

    const subscribe = async ({ id, to }: Extract<ClientFrame, { type: 'subscribe' }>) => {
      try {
        if (actor === null) throw new Refusal('unauthenticated', 'The first frame must authenticate.')
        if (subscriptions.size >= subscriptionsMax)
          throw new Refusal('conflict', `A connection has at most ${subscriptionsMax} subscriptions.`)
        const ctx = context()
        const feed = await openFeed(ctx, executions, id, to)
        if (ended.signal.aborted) return
        subscriptions.get(id)?.close()
        const failed = (error: unknown) => void refuse(error, id)
        subscriptions.set(id, openSubscription(ctx, feed, { wake, send, bufferedBytes: socket.bufferedBytes, failed }))
      } catch (error) {
        refuse(error, id)
      }
    }

    const answer = async (frame: ClientFrame) => {
      switch (frame.type) {
        case 'authenticate':
          return authenticate(frame.accessToken)
        case 'subscribe':
          return subscribe(frame)
        case 'unsubscribe':
          subscriptions.get(frame.id)?.close()
          subscriptions.delete(frame.id)
          return undefined
        case 'ping':
          return send({ type: 'pong' })
      }
    }

    // one frame after the other: what is asked behind "authenticate" is asked by that user
    let answering: Promise<unknown> = Promise.resolve()
    return {
      onText: (text) => {
        const frame = ClientFrame.safeParse(parseJson(text))
        if (!frame.success) return void refuse(new Refusal('malformed', 'This is not a frame of the live protocol.'))
        answering = answering.then(() => answer(frame.data))
      },
      onClose: () => {
        ended.abort()
        clearTimeout(introduction)
        clearTimeout(expiry)
        clearInterval(sessionCheck)
        for (const subscription of subscriptions.values()) subscription.close()
      },
    }
  }

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
