import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** MIT's programs are in sbin, which is not on everyone's PATH. */
const PATH = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`

/**
 * Whether MIT's KDC is here. If not, says on standard error what is left out; with `CI=true` it throws.
 * @param leftOut what cannot be tested without it
 */
export const kerberosAvailable = (leftOut: string): boolean => {
  const programs = ['krb5kdc', 'kadmin.local', 'kdb5_util']
  const env = { ...process.env, PATH }
  if (programs.every((name) => spawnSync('sh', ['-c', `command -v ${name}`], { env }).status === 0)) return true
  const message = `LEFT OUT: tests of ${leftOut}. They need MIT's KDC: apt-get install krb5-kdc krb5-admin-server`
  if (process.env['CI'] === 'true') throw new Error(message)
  process.stderr.write(`\n${message}\n\n`)
  return false
}

const freePort = async () => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/**
 * A Kerberos realm on this machine: MIT's KDC with a user `anna` and the services `HTTP/localhost` and
 * `host/127.0.0.1`. It sets the environment of this process, from which the library reads where the realm is.
 */
export const startRealm = async (password: string) => {
  const folder = mkdtempSync(join(tmpdir(), 'winrm-realm-'))
  const path = (name: string) => join(folder, name)
  const port = await freePort()
  writeFileSync(
    path('krb5.conf'),
    `[libdefaults]\ndefault_realm = EXAMPLE.TEST\ndns_lookup_kdc = false\ndns_lookup_realm = false\nrdns = false\n` +
      `dns_canonicalize_hostname = false\n[realms]\nEXAMPLE.TEST = {\n kdc = 127.0.0.1:${port}\n}\n` +
      `[domain_realm]\nlocalhost = EXAMPLE.TEST\n`,
  )
  writeFileSync(
    path('kdc.conf'),
    `[kdcdefaults]\nkdc_listen = 127.0.0.1:${port}\nkdc_tcp_listen = 127.0.0.1:${port}\n[realms]\nEXAMPLE.TEST = {\n` +
      ` database_name = ${path('db')}\n key_stash_file = ${path('stash')}\n acl_file = ${path('acl')}\n}\n`,
  )
  const environment = { KRB5_CONFIG: path('krb5.conf'), KRB5_KDC_PROFILE: path('kdc.conf') }
  const env = { ...process.env, ...environment, PATH }
  const admin = (query: string) => execFileSync('kadmin.local', ['-q', query], { env, stdio: 'pipe' })
  execFileSync('kdb5_util', ['create', '-s', '-P', 'master', '-r', 'EXAMPLE.TEST'], { env, stdio: 'pipe' })
  admin(`addprinc -pw ${password} anna`)
  admin('addprinc -randkey HTTP/localhost')
  admin('addprinc -randkey host/127.0.0.1')
  admin(`ktadd -k ${path('keytab')} HTTP/localhost host/127.0.0.1`)
  const kdc = spawn('krb5kdc', ['-n'], { env, stdio: 'pipe' })
  await new Promise<void>((resolve, reject) => {
    kdc.once('error', reject)
    // "starting..." is written when it listens
    for (const stream of [kdc.stdout, kdc.stderr])
      stream.on('data', (data: Buffer) => data.toString().includes('starting') && resolve())
    kdc.once('exit', (code) => reject(new Error(`krb5kdc ended with ${code}`)))
  })
  Object.assign(process.env, environment, {
    KRB5_KTNAME: path('keytab'),
    KRB5CCNAME: `FILE:${path('nobody')}`,
    KRB5RCACHETYPE: 'none',
  })
  return {
    async stop() {
      const ended = once(kdc, 'exit')
      kdc.kill()
      await ended
      rmSync(folder, { recursive: true })
    },
  }
}
