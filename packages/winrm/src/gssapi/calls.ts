import { AuthError } from '../errors.ts'
import type { Bindings, InBuffer, Library, Oid, OutBuffer, Pointer } from './library.ts'

/** The content of an object identifier, without tag and length. */
const oid = (hex: string): Oid => {
  const elements = Buffer.from(hex, 'hex')
  return { length: elements.length, elements }
}

/** 1.2.840.113554.1.2.2, RFC 4121. */
export const KERBEROS = oid('2a864886f712010202')
/** 1.2.840.113554.1.2.1.4: `service@host`. */
export const HOST_BASED_SERVICE = oid('2a864886f71201020104')
/** 1.2.840.113554.1.2.2.1: a principal as Kerberos writes it. */
export const PRINCIPAL = oid('2a864886f71201020201')

/** Errors are in the upper half of the major status: RFC 2744 §3.9.1 */
const isError = (status: number) => status >>> 0 >= 0x0001_0000
export const CONTINUE_NEEDED = 1

export const input = (value: Uint8Array): InBuffer => ({
  length: value.length,
  value: value.length === 0 ? null : value,
})

const NOTHING: InBuffer = { length: 0, value: null }

/** The application data of RFC 5929 in GSSAPI's structure, without addresses. */
export const bindingsOf = (data: Buffer | undefined): Bindings | null =>
  data === undefined
    ? null
    : { initiatorType: 0, initiator: NOTHING, acceptorType: 0, acceptor: NOTHING, data: input(data) }

/** Copies an answer and gives the library its memory back. */
export const taken = (library: Library, buffer: OutBuffer): Buffer => {
  const copy = library.copy(buffer)
  library.releaseBuffer([0], buffer)
  return copy
}

/** What the library has to say about a status; 1: GSSAPI's part, 2: the mechanism's. RFC 2744 §5.11 */
const explain = (library: Library, status: number, kind: 1 | 2): string => {
  const message: OutBuffer = {}
  library.displayStatus([0], status, kind, kind === 2 ? KERBEROS : null, [0], message)
  return taken(library, message).toString()
}

/** @throws AuthError in the library's words */
export const check = (library: Library, what: string, status: number, minor: readonly number[]): number => {
  if (!isError(status)) return status
  const reasons = [explain(library, status, 1), explain(library, minor[0] ?? 0, 2)]
  throw new AuthError(`${what}: ${reasons.filter((reason) => reason !== '').join('; ')}`)
}

export const importName = (library: Library, name: string, type: Oid): Pointer => {
  const minor = [0]
  const made: Pointer[] = [null]
  check(library, `The name ${name}`, library.importName(minor, input(Buffer.from(name)), type, made), minor)
  return made[0]!
}
