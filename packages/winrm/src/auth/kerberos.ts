import { objectId } from '../der.ts'
import { AuthError } from '../errors.ts'
import {
  bindingsOf,
  check,
  CONTINUE_NEEDED,
  HOST_BASED_SERVICE,
  importName,
  input,
  KERBEROS,
  PRINCIPAL,
  taken,
} from '../gssapi/calls.ts'
import { gssapi, type Library, type Oid, type OutBuffer, type Pointer } from '../gssapi/library.ts'
import { gssProtection } from '../gssapi/protection.ts'
import type { Authentication, Handshake, Peer } from './authentication.ts'
import { isSpnego, mechanismToken, spnegoOffer } from './spnego.ts'

export type KerberosAccount = {
  /** `user@REALM`. Without name and password: whoever the system's ticket cache belongs to. */
  readonly username?: string | undefined
  readonly password?: string | undefined
  /** The ticket that is there, whoever it belongs to, although a name is given without a password. Default false. */
  readonly fromCache?: boolean | undefined
  /** Default `HTTP/<host>`, and `host/<host>` when there is no such service. */
  readonly servicePrincipalName?: string | undefined
  /** Lets the server act for us elsewhere, when the ticket may be forwarded. Default false. */
  readonly delegate?: boolean | undefined
}

/** RFC 2744 §5.19: delegate 1, mutual 2, replay 4, sequence 8, confidentiality 16, integrity 32. */
const FLAGS = 2 | 4 | 8 | 16 | 32
const NEEDED = 2 | 16 | 32
const INITIATE = 1

const mechanism = objectId('1.2.840.113554.1.2.2')

const acquire = async (library: Library, { username, password }: KerberosAccount): Promise<Pointer> => {
  if (username === undefined || password === undefined) return null
  const name = importName(library, username, PRINCIPAL)
  const minor = [0]
  const made: Pointer[] = [null]
  try {
    // asks the KDC, so not on this thread
    const status = await new Promise<number>((resolve, reject) =>
      library.acquireWithPassword.async(
        minor,
        name,
        input(Buffer.from(password)),
        0,
        null,
        INITIATE,
        made,
        null,
        null,
        (error, result) => (error === null ? resolve(result) : reject(error)),
      ),
    )
    check(library, `Kerberos log-in of ${username}`, status, minor)
    return made[0]!
  } finally {
    library.releaseName([0], [name])
  }
}

/** A security context that is being set up. */
const createInitiator = (
  library: Library,
  credential: Pointer,
  service: { readonly name: string; readonly type: Oid },
  peer: Peer,
  wanted: number,
) => {
  const target = importName(library, service.name, service.type)
  const context: Pointer[] = [null]
  const bindings = bindingsOf(peer.endPointBinding)
  let flags = 0
  let isEstablished = false
  return {
    async step(token: Buffer | undefined): Promise<Buffer> {
      const minor = [0]
      const answer: OutBuffer = {}
      const granted = [0]
      const status = await new Promise<number>((resolve, reject) =>
        library.initContext.async(
          minor,
          credential,
          context,
          target,
          KERBEROS,
          wanted,
          0,
          bindings,
          token === undefined ? null : input(token),
          null,
          answer,
          granted,
          null,
          (error, result) => (error === null ? resolve(result) : reject(error)),
        ),
      )
      const ours = taken(library, answer)
      isEstablished = check(library, 'Kerberos', status, minor) !== CONTINUE_NEEDED
      flags = granted[0]!
      return ours
    },
    get context() {
      return context[0]!
    },
    get isReady() {
      return isEstablished && (flags & NEEDED) === NEEDED
    },
    dispose(keepContext: boolean) {
      library.releaseName([0], [target])
      if (!keepContext && context[0] !== null) library.deleteContext([0], context, null)
    },
  }
}

/** Contexts live as long as the protection that uses them. */
const contexts = new FinalizationRegistry<() => void>((release) => release())

const serviceNames = ({ servicePrincipalName }: KerberosAccount, host: string) =>
  servicePrincipalName === undefined
    ? ([
        [`HTTP@${host}`, HOST_BASED_SERVICE],
        [`host@${host}`, HOST_BASED_SERVICE],
      ] as const)
    : ([[servicePrincipalName, PRINCIPAL]] as const)

/** Half of an account would silently be another one: whoever the ticket cache belongs to. */
const requireWhole = ({ username, password, fromCache = false }: KerberosAccount): void => {
  if (password !== undefined && username === undefined)
    throw new AuthError('Kerberos has a password and no user name: give both, or neither for the ticket of the system.')
  if (password === undefined && username !== undefined && !fromCache)
    throw new AuthError(
      `Kerberos has the user name ${username} and no password: give both, or neither for the ticket of the system.`,
    )
}

/** Kerberos by the system's library, in SPNEGO with that as its only mechanism. @throws AuthError for half of an account */
export const kerberos = (account: KerberosAccount): Authentication => {
  requireWhole(account)
  return handshakeFor(account)
}

const handshakeFor = (account: KerberosAccount): Authentication => ({
  kind: 'handshake',
  name: 'Kerberos',
  begin: async (peer): Promise<Handshake> => {
    const library = await gssapi()
    // once: a wrong password asked about twice counts twice against the account
    const credential = await acquire(library, account)
    const wanted = FLAGS | (account.delegate === true ? 1 : 0)
    let initiator: ReturnType<typeof createInitiator> | undefined
    let isKept = false

    const first = async (): Promise<Buffer> => {
      let failure: unknown
      for (const [name, type] of serviceNames(account, peer.host)) {
        try {
          initiator = createInitiator(library, credential, { name, type }, peer, wanted)
          return await initiator.step(undefined)
        } catch (error) {
          initiator?.dispose(false)
          initiator = undefined
          failure ??= error
        }
      }
      throw failure
    }

    return {
      scheme: 'Negotiate',
      async next(token) {
        if (initiator === undefined) return spnegoOffer(mechanism, await first())
        if (token === undefined || initiator.isReady) return undefined
        const inner = isSpnego(token) ? mechanismToken(token) : token
        if (inner.length === 0) return undefined
        const answer = await initiator.step(inner)
        return answer.length === 0 ? undefined : answer
      },
      finish() {
        if (initiator?.isReady !== true) throw new AuthError('The server has not proved itself by Kerberos.')
        isKept = true
        const { context } = initiator
        const protection = gssProtection(library, context, 'application/HTTP-SPNEGO-session-encrypted')
        contexts.register(protection, () => library.deleteContext([0], [context], null))
        return protection
      },
      dispose() {
        initiator?.dispose(isKept)
        if (credential !== null) library.releaseCredential([0], [credential])
      },
    }
  },
})
