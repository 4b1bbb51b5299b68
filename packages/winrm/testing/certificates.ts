import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export type Pair = { readonly key: string; readonly cert: string }

/** Certificates made for this run by the openssl program. */
export type Authority = {
  readonly cert: string
  /** A certificate of this authority. @param names for example `DNS:server.example,IP:127.0.0.1` */
  issue(commonName: string, names: string): Pair
}

const inFolder = <T>(work: (run: (...args: string[]) => void, path: (name: string) => string) => T): T => {
  const folder = mkdtempSync(join(tmpdir(), 'winrm-certificates-'))
  try {
    return work(
      (...args) => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' }),
      (name) => join(folder, name),
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const read = (path: (name: string) => string): Pair => ({
  key: readFileSync(path('key.pem'), 'utf8'),
  cert: readFileSync(path('cert.pem'), 'utf8'),
})

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem']

/** @param digest what it is signed with: `-sha256`, `-sha384` … */
export const selfSigned = (digest = '-sha256', newKey: readonly string[] = EC): Pair =>
  inFolder((run, path) => {
    run('req', '-x509', ...newKey, '-out', 'cert.pem', '-subj', '/CN=simulated', '-days', '2', digest)
    return read(path)
  })

export const createAuthority = (): Authority => {
  const own = inFolder((run, path) => {
    run('req', '-x509', ...EC, '-out', 'cert.pem', '-subj', '/CN=test authority', '-days', '2')
    return read(path)
  })
  return {
    cert: own.cert,
    issue: (commonName, names) =>
      inFolder((run, path) => {
        writeFileSync(path('ca.pem'), own.cert)
        writeFileSync(path('ca-key.pem'), own.key)
        writeFileSync(path('names'), `subjectAltName=${names}\n`)
        run('req', ...EC, '-out', 'request.pem', '-subj', `/CN=${commonName}`)
        const signing = ['-CA', 'ca.pem', '-CAkey', 'ca-key.pem', '-CAcreateserial', '-days', '2', '-extfile', 'names']
        run('x509', '-req', '-in', 'request.pem', '-out', 'cert.pem', ...signing)
        return read(path)
      }),
  }
}
