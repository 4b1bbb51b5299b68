import { expect, test } from 'vitest'
import { ConfigError, readConfig } from './config.ts'

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

test.each(['127.0.0.1', '::1', '10.0.0.0/8', 'fd00::/8', 'loopback'])('%s may stand for a proxy', (proxy) => {
  expect(readConfig({ OPSCONDUCTOR_TRUSTED_PROXIES: proxy }).TRUSTED_PROXIES).toEqual([proxy])
})

test.each(['10.0.0.0/33', '10.0.0.0/8/8', '10.0.0', 'fd00::/129', '10.0.0.0/x'])('%s may not', (proxy) => {
  expect(problemsOf({ TRUSTED_PROXIES: proxy })).toHaveLength(1)
})
