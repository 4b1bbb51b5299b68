/** The mistakes one makes with key files, said before the server has to. Null when nothing speaks against it. */
export const keyAdvice = (text: string): string | null => {
  const key = text.trim()
  if (key === '') return null
  if (/^(ssh-(rsa|dss|ed25519)|ecdsa-sha2-|sk-)/.test(key)) {
    return 'This is the public half. The private key is the file without .pub.'
  }
  if (key.startsWith('-----BEGIN') && !/-----END [A-Z0-9 ]+-----$/.test(key)) {
    return 'The key is cut off: its last line is missing.'
  }
  return null
}

/**
 * Whether a private key needs a passphrase: the old PEM forms say so in their head, the form of OpenSSH names its
 * cipher at the start of the decoded data (PROTOCOL.key: "openssh-key-v1", then the cipher's name, "none" if open).
 */
export const isEncryptedKey = (text: string) => {
  if (/ENCRYPTED/.test(text)) return true
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\sA-Za-z0-9+/=]+)/.exec(text)?.[1]?.replace(/\s/g, '')
  if (body === undefined || body.length < 64) return false
  return !atob(body.slice(0, 64)).slice(15).includes('none')
}
