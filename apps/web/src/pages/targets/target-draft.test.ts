import type { Target } from '@opsconductor/contract'
import { expect, test } from 'vitest'
import { bodyOf, checkDraft, draftOf, formPath, newDraft } from './target-draft.ts'

const method: Target['methods'][number] = {
  uuid: '01939f4c-0000-7000-8000-000000000001',
  type: 'ssh',
  name: 'SSH',
  isPrimary: true,
  priority: 1,
  isActive: true,
  config: { host: '10.0.0.4', port: 2222, connectTimeoutSec: 5 },
  credentials: [
    { uuid: '01939f4c-0000-7000-8000-00000000000a', name: 'deploy', isPrimary: true },
    { uuid: '01939f4c-0000-7000-8000-00000000000b', name: 'root', isPrimary: false },
  ],
}
const target: Target = {
  uuid: '01939f4c-0000-7000-8000-000000000000',
  serial: 'TGT-2026-000001',
  name: 'web-01',
  description: '',
  targetType: 'system',
  osType: 'linux',
  osVersion: null,
  environment: 'production',
  location: null,
  dataCentre: null,
  region: null,
  zone: 'default',
  tags: ['web'],
  attributes: {},
  status: 'active',
  health: 'unknown',
  methods: [method],
  jumpHosts: [],
  lastTestedAt: null,
  createdAt: '2026-01-01T00:00:00Z',
  updatedAt: '2026-01-01T00:00:00Z',
  archivedAt: null,
  revision: 1,
}

test('a form that was only opened changes nothing of the methods', () => {
  expect(bodyOf(draftOf(target)).methods).toEqual([
    {
      uuid: method.uuid,
      name: 'SSH',
      type: 'ssh',
      isPrimary: true,
      isActive: true,
      config: method.config,
      credentials: [
        { credential: '01939f4c-0000-7000-8000-00000000000a', isPrimary: true },
        { credential: '01939f4c-0000-7000-8000-00000000000b', isPrimary: false },
      ],
    },
  ])
})

test('an empty form says what is missing, at its field', () => {
  const mistakes = checkDraft(newDraft())
  expect(Object.keys(mistakes).toSorted()).toEqual(['methods.0.host', 'name'])
})

test('a mistake in the address or the credential of a method belongs to its field in the form', () => {
  expect(formPath('methods.2.config.port')).toBe('methods.2.port')
  expect(formPath('methods.2.credentials.0.credential')).toBe('methods.2.credential')
})

test('what is not said of WinRM stays unsaid, and what is chosen is said', () => {
  const windows: Target = {
    ...target,
    methods: [{ ...method, type: 'winrm', config: { host: '10.0.0.5', port: 5985 } }],
  }
  const opened = draftOf(windows)
  expect(bodyOf(opened).methods[0]?.config).toEqual({ host: '10.0.0.5', port: 5985 })
  const [first] = opened.methods
  const changed = first && { ...opened, methods: [{ ...first, winrm: { ...first.winrm, transport: 'psrp' as const } }] }
  expect(changed && bodyOf(changed).methods[0]?.config).toEqual({ host: '10.0.0.5', port: 5985, transport: 'psrp' })
  expect(formPath('methods.0.config.auth')).toBe('methods.0.winrm.auth')
})
