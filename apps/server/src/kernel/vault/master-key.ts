import { randomBytes, scryptSync } from 'node:crypto'
import { open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MasterKey } from './vault.ts'

/**
 * Reads master keys: one, or several as `version:key` parted by commas or line ends, the newest first. A key is 32 bytes
 * in base64 or hex; anything else is a passphrase, from which the key is derived with scrypt (RFC 7914, N=2^17).
 */
export const readMasterKeys = (text: string): MasterKey[] => {
  const keys = text
    .split(/[\n,]/)
    .map((entry) => entry.trim())
    .filter((entry) => entry.length > 0)
    .map((entry) => {
      const [, version, key] = /^(\d{1,9}):(.+)$/.exec(entry) ?? [undefined, '1', entry]
      return { version: Number(version), key: toKey(key ?? '') }
    })
  if (new Set(keys.map(({ version }) => version)).size < keys.length)
    throw new Error('two master keys have the same version')
  if (keys.length === 0) throw new Error('there is no master key in it')
  return keys
}

export const passphraseMinLength = 16

const toKey = (text: string): Buffer => {
  if (/^[0-9a-f]{64}$/i.test(text)) return Buffer.from(text, 'hex')
  if (/^[A-Za-z0-9+/]{43}=$/.test(text)) return Buffer.from(text, 'base64')
  if (text.length < passphraseMinLength)
    throw new Error(`a passphrase needs at least ${passphraseMinLength} characters`)
  // the salt can only be a constant here: the key must come out the same in every process and after every restore
  return scryptSync(text, 'opsconductor master key', 32, { N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 1024 * 1024 })
}

/** The key of an installation with its embedded database: made once, readable by its owner only. */
export const ensureMasterKeyFile = async (dataDir: string): Promise<MasterKey[]> => {
  const path = join(dataDir, 'master.key')
  try {
    await using file = await open(path, 'wx', 0o600)
    await file.writeFile(`1:${randomBytes(32).toString('base64')}\n`)
    await file.sync()
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return readMasterKeys(await readFile(path, 'utf8'))
}
