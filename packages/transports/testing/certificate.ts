import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from './find-sshd.ts'

/**
 * A new key, signed by a new CA for one user name. `authority` is what `TrustedUserCAKeys` takes.
 *
 * @param validity as `ssh-keygen -V` takes it; an hour from now unless told
 */
export const signCertificate = (
  username: string,
  validity = '+1h',
): { authority: string; certificate: string; privateKey: string } => {
  const folder = mkdtempSync(join(tmpdir(), 'opsconductor-certificate-'))
  const keygen = (...args: string[]): void =>
    void execFileSync(findProgram('ssh-keygen') ?? 'ssh-keygen', ['-q', ...args], { cwd: folder })
  keygen('-t', 'ed25519', '-N', '', '-f', 'ca')
  keygen('-t', 'ed25519', '-N', '', '-f', 'user')
  keygen('-s', 'ca', '-I', 'somebody', '-n', username, '-V', validity, 'user.pub')
  const read = (name: string): string => readFileSync(join(folder, name), 'utf8')
  const made = { authority: read('ca.pub'), certificate: read('user-cert.pub'), privateKey: read('user') }
  rmSync(folder, { recursive: true })
  return made
}
