import { expect, test } from 'vitest'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError, printConfig, readConfig } from './config.ts'

const problemsOf = (settings: Record<string, string>): string[] => {
  const env = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`OPSCONDUCTOR_${name}`, value]))
  try {
    readConfig(env)
  } catch (error) {
    if (error instanceof ConfigError)
      return error.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
    throw error
  }
  return []
}

test('every problem is told at once, by the name of its variable and with what is expected', () => {
  const problems = problemsOf({
    PORT: 'banana',
    EXECUTOR_SLOTS: '2.5',
    SERVICES: 'gateway,teapot',
    DATABASE_URL: 'mysql://db',
    ADMIN_PASSWORD: 'short',
    MASTER_KEY_FILE: '/no/such/file',
    LOCAL_TRANSPORT: 'maybe',
    TRUSTED_PROXIES: '10.0.0.0/8, proxy.example',
    LOG_LEVEL: 'loud',
  })
  expect(problems.toSorted()).toEqual([
    'OPSCONDUCTOR_ADMIN_PASSWORD: expected 8 to 256 characters',
    'OPSCONDUCTOR_DATABASE_URL: expected postgres://user:password@host:port/database',
    'OPSCONDUCTOR_EXECUTOR_SLOTS: expected a whole number from 1 to 10000',
    'OPSCONDUCTOR_LOCAL_TRANSPORT: expected true or false',
    'OPSCONDUCTOR_LOG_LEVEL: expected debug, info, warn, error, silent',
    'OPSCONDUCTOR_MASTER_KEY_FILE: the file /no/such/file cannot be read',
    'OPSCONDUCTOR_PORT: expected a whole number from 0 to 65535',
    'OPSCONDUCTOR_SERVICES: expected gateway, executor, scheduler, notifier; there is no "teapot"',
    'OPSCONDUCTOR_TRUSTED_PROXIES: expected addresses or networks such as 10.0.0.0/8, not "proxy.example"',
  ])
})

test('what does not go together is told beside what cannot be read', () => {
  const problems = problemsOf({ PORT: '99999', DATABASE_URL: 'postgres://db/x' })
  expect(problems).toHaveLength(2)
  expect(problems[1]).toMatch(/MASTER_KEY is missing/)
  expect(problemsOf({ PORT: 'x', DATABASE_OWNER_URL: 'postgres://db/x' })[1]).toMatch(/needs OPSCONDUCTOR_DATABASE_URL/)
})

test('a value may stand in a file, but not in both', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'config-'))
  try {
    const file = join(folder, 'password')
    await writeFile(file, 'correct horse battery staple\n')
    const env = { OPSCONDUCTOR_ADMIN_PASSWORD_FILE: file }
    expect(readConfig(env).ADMIN_PASSWORD).toBe('correct horse battery staple')
    expect(problemsOf({ ADMIN_PASSWORD_FILE: file, ADMIN_PASSWORD: 'another one' })).toEqual([
      'OPSCONDUCTOR_ADMIN_PASSWORD and OPSCONDUCTOR_ADMIN_PASSWORD_FILE are both set: set one',
    ])
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('what is printed has no secrets', () => {
  const secrets = {
    ADMIN_PASSWORD: 'correct horse battery staple',
    MASTER_KEY: 'a passphrase that seals everything',
    DATABASE_URL: 'postgres://app:hunter2@db/x',
    DATABASE_OWNER_URL: 'postgres://owner:hunter3@db/x',
  }
  const env = Object.fromEntries(Object.entries(secrets).map(([name, value]) => [`OPSCONDUCTOR_${name}`, value]))
  const printed = printConfig(readConfig(env))
  for (const name of Object.keys(secrets)) expect(printed.split('\n')).toContain(`OPSCONDUCTOR_${name}=********`)
  expect(printed).not.toMatch(/hunter|horse|passphrase/)
  expect(printConfig(readConfig({}))).toContain('OPSCONDUCTOR_ADMIN_PASSWORD=(not set)')
})

test.each(['127.0.0.1', '::1', '10.0.0.0/8', 'fd00::/8', 'loopback'])('%s may stand for a proxy', (proxy) => {
  expect(readConfig({ OPSCONDUCTOR_TRUSTED_PROXIES: proxy }).TRUSTED_PROXIES).toEqual([proxy])
})

test.each(['10.0.0.0/33', '10.0.0.0/8/8', '10.0.0', 'fd00::/129', '10.0.0.0/x'])('%s may not', (proxy) => {
  expect(problemsOf({ TRUSTED_PROXIES: proxy })).toHaveLength(1)
})
