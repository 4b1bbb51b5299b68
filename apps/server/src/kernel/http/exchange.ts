import type { ByteSource } from './byte-ranges.ts'

/**
 * What a few routes need to know of the conversation itself: the refresh cookie, conditional writes, idempotency, and
 * answers that are a stream. Everything else gets its parsed input and nothing more.
 */
export type Exchange = {
  /** The refresh token of the browser's cookie. */
  readonly refreshCookie: string | null
  /** The access token as it was sent, also on public routes, where nobody has looked at it. */
  readonly accessToken: string | null
  /** When the access token of the request ends; the beginning of time where it has none. */
  readonly tokenExpiresAt: Date
  /** Whether the request carries the header that only our own code can set. */
  readonly isFromOurCode: boolean
  readonly setRefreshCookie: (token: string, maxAgeSec: number) => void
  readonly clearRefreshCookie: () => void
  /** The revision of `If-Match`, when the request has one. */
  readonly ifRevision: number | null
  readonly idempotencyKey: string | null
  /** What the client calls itself. */
  readonly device: string
  /** Answers with bytes, or the part of them that was asked for. @throws Refusal `out_of_range` */
  readonly answerBytes: (source: ByteSource) => void
}
