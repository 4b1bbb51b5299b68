/** The server, as far as an authentication needs to know it. */
export type Peer = {
  readonly host: string
  /** See `endPointBinding`; only over TLS. */
  readonly endPointBinding?: Buffer | undefined
}

/** A message as the wire carries it: what stands before the text (a signature, a token's head), and the text sealed. */
export type SealedMessage = { readonly header: Buffer; readonly sealed: Buffer }

/** What both sides agreed on, bound to one connection: messages go through it each once, in order. */
export type Protection = {
  /** The media type of MS-WSMV 2.2.9.1, for example `application/HTTP-SPNEGO-session-encrypted`. */
  readonly protocol: string
  seal(plain: Buffer): SealedMessage
  /** @throws ProtocolError when the message was altered */
  unseal(message: SealedMessage, plainLength: number): Buffer
}

export type Handshake = {
  /** The scheme of the Authorization header. */
  readonly scheme: 'Negotiate' | 'Kerberos'
  /**
   * Takes the server's token (none at first) and gives ours, undefined when there is nothing more to say.
   * @throws AuthError, ProtocolError
   */
  next(token: Buffer | undefined): Promise<Buffer | undefined>
  /** Called once, when the server has agreed. @throws AuthError when it has not proved itself */
  finish(): Protection
  /** Lets go of what the handshake holds outside of JavaScript. */
  dispose(): void
}

/** One way to say who we are: either with every request, or by a handshake at the beginning of each connection. */
export type Authentication =
  | { readonly kind: 'header'; readonly name: string; readonly authorization: string }
  | {
      readonly kind: 'handshake'
      readonly name: string
      begin(peer: Peer): Promise<Handshake>
      /** Overwrites what secret it holds; it is of no use after that. */
      forget?(): void
    }
