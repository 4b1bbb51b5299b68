import { createHmac, createPrivateKey, randomBytes, sign, type KeyObject } from 'node:crypto'
import ssh2, { type ParsedKey } from 'ssh2'
import { TransportError } from '../fault.ts'
import { describeHostKey, type HostKey } from './host-key.ts'

const denied = (message: string, cause?: unknown): TransportError =>
  new TransportError('denied', 'authentication', message, { started: false }, cause)

const needsPassphrase = 'This private key is protected by a passphrase. Add the passphrase to the credential.'
const wrongPassphrase = 'The passphrase does not fit this key. Enter the passphrase again in the credential.'
const unreadable =
  'The private key cannot be read. Paste the whole file, from its BEGIN line to its END line, in OpenSSH or PEM format.'

const hashOf: Record<string, string> = {
  'ecdsa-sha2-nistp256': 'sha256',
  'ecdsa-sha2-nistp384': 'sha384',
  'ecdsa-sha2-nistp521': 'sha512',
}

/** Reads an OpenSSH, PEM (PKCS#1, SEC 1, PKCS#8) or PuTTY key. Throws a `denied` TransportError that says what is wrong. */
const parsePrivateKey = (privateKey: string, passphrase: string | undefined): ParsedKey => {
  const text = /^-----BEGIN (ENCRYPTED )?PRIVATE KEY-----/m.test(privateKey)
    ? fromPkcs8(privateKey, passphrase)
    : privateKey
  const parsed = ssh2.utils.parseKey(text, passphrase)
  if (parsed instanceof Error) {
    if (/no passphrase/i.test(parsed.message)) throw denied(needsPassphrase, parsed)
    if (passphrase !== undefined && /passphrase|decrypt|integrity|malformed encrypted/i.test(parsed.message))
      throw denied(wrongPassphrase, parsed)
    if (/unsupported/i.test(parsed.message) && /^-----BEGIN/m.test(privateKey))
      throw denied(`This kind of private key is not supported (${parsed.message}). Use an ed25519, ECDSA or RSA key.`)
    throw denied(unreadable, parsed)
  }
  if (!parsed.isPrivateKey())
    throw denied('This is a public key. The credential needs the private key that belongs to it.')
  return withCachedSigning(parsed)
}

// ssh2 does not know PKCS#8, Node does
const fromPkcs8 = (privateKey: string, passphrase: string | undefined): string => {
  let key: KeyObject
  try {
    key = createPrivateKey({ key: privateKey, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch (cause) {
    if (!privateKey.includes('BEGIN ENCRYPTED')) throw denied(unreadable, cause)
    throw denied(passphrase === undefined ? needsPassphrase : wrongPassphrase, cause)
  }
  if (key.asymmetricKeyType === 'rsa') return key.export({ type: 'pkcs1', format: 'pem' }).toString()
  if (key.asymmetricKeyType === 'ec') return key.export({ type: 'sec1', format: 'pem' }).toString()
  throw denied(
    `A private key of type ${key.asymmetricKeyType ?? 'unknown'} must be in OpenSSH format. Convert it with: ssh-keygen -p -f <file>`,
  )
}

// ssh2 reads its PEM again for each signature, which is a fifth of the cost of a handshake
const withCachedSigning = (parsed: ParsedKey): ParsedKey => {
  const key = createPrivateKey(parsed.getPrivatePEM())
  parsed.sign = (data, algorithm) => {
    const hash = key.asymmetricKeyType === 'ed25519' ? null : (algorithm ?? hashOf[parsed.type] ?? 'sha256')
    return sign(hash, typeof data === 'string' ? Buffer.from(data) : data, key)
  }
  return parsed
}

/**
 * The public half of a private key, as a host key is described: what `ssh-keygen -l` prints.
 *
 * Throws a `denied` TransportError that says whether the key or its passphrase is wrong.
 */
export const describePrivateKey = (privateKey: string, passphrase: string | undefined): HostKey =>
  describeHostKey(parsePrivateKey(privateKey, passphrase).getPublicSSH())

export type PrivateKeys = {
  parsed(privateKey: string, passphrase: string | undefined): ParsedKey
  forget(): void
}

const MOST_KEYS = 100

/** Parsed keys, the latest used ones: the passphrase costs a tenth of a second each time it is tried. */
export const createPrivateKeys = (): PrivateKeys => {
  const cacheKey = randomBytes(32)
  const keys = new Map<string, ParsedKey>()
  return {
    parsed(privateKey, passphrase) {
      // the length parts the two, so that no pair of texts is taken for another
      const name = createHmac('sha256', cacheKey)
        .update(`${privateKey.length}\n${privateKey}\n${passphrase === undefined ? 'none' : `some ${passphrase}`}`)
        .digest('base64')
      const parsed = keys.get(name) ?? parsePrivateKey(privateKey, passphrase)
      keys.delete(name)
      keys.set(name, parsed)
      const oldest = keys.keys().next()
      if (keys.size > MOST_KEYS && !oldest.done) keys.delete(oldest.value)
      return parsed
    },
    forget: () => keys.clear(),
  }
}
