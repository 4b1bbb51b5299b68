import { z } from './zod.ts'

/** Every permission, named as the route or rule that asks for it, with what a person reads when granting it. */
export const permissions = {
  'users.read': 'See users',
  'users.create': 'Add users',
  'users.update': 'Change users and their roles',
  'users.deactivate': 'Deactivate users',
  'roles.read': 'See roles',
  'sessions.revoke': "End everybody's sessions",
  'credentials.read': 'See which credentials exist (never their secrets)',
  'credentials.create': 'Add credentials',
  'credentials.use': 'Have the credentials that others entered sent to machines of one’s choice',
  'credentials.update': 'Rename and rotate credentials',
  'credentials.archive': 'Archive and restore credentials',
  'targets.read': 'See targets',
  'targets.create': 'Add targets',
  'targets.update': 'Change targets',
  'targets.archive': 'Archive and restore targets',
  'targets.test': 'Test connections',
  'targets.trust': 'Forget a pinned host key, so that a new one is accepted; lead a method that has one elsewhere',
  'jobs.read': 'See jobs and their versions',
  'jobs.create': 'Write jobs',
  'jobs.update': 'Change jobs',
  'jobs.archive': 'Archive and restore jobs',
  'jobs.raw': 'Put values into commands without quoting ({{ x | raw }})',
  'executions.read': 'See executions and their output',
  'executions.start': 'Run jobs',
  'executions.cancel': 'Cancel executions',
  'executions.pause': 'Pause executions, and let them go on',
  'executors.read': 'See the executors',
  'executions.resolve': 'Say what became of a step that was lost',
  'audit.read': 'Read the audit trail',
} as const

export type Permission = keyof typeof permissions
export const Permission = z.enum(Object.keys(permissions) as [Permission, ...Permission[]])

const all = Permission.options
const reading = all.filter((name) => name.endsWith('.read') && !name.startsWith('users') && name !== 'audit.read')

/** The roles every installation has. They cannot be changed; custom roles come beside them. */
export const builtInRoles = {
  administrator: { title: 'Administrator', description: 'May do everything', permissions: all },
  manager: {
    title: 'Manager',
    description: 'Runs the operation: assets, jobs and people, but not the system itself',
    permissions: all.filter((name) => name !== 'jobs.raw' && name !== 'sessions.revoke'),
  },
  developer: {
    title: 'Developer',
    // not credentials.use: they write what runs on a machine of their choice, and would see a secret sent there
    description: 'Writes and runs jobs, manages targets; gives them only credentials entered by themselves',
    permissions: [
      ...reading,
      ...all.filter((name) => name.startsWith('jobs.') && name !== 'jobs.read'),
      'executions.start',
      'executions.cancel',
      'executions.pause',
      'executions.resolve',
      'targets.create',
      'targets.update',
      'targets.test',
      'credentials.create',
    ] satisfies Permission[],
  },
  operator: {
    title: 'Operator',
    description: 'Runs jobs and watches them',
    permissions: [
      ...reading,
      'executions.start',
      'executions.cancel',
      'executions.pause',
      'executions.resolve',
      'targets.test',
    ] satisfies Permission[],
  },
  viewer: { title: 'Viewer', description: 'Sees jobs, targets and executions', permissions: reading },
  guest: { title: 'Guest', description: 'May log in and see the own profile', permissions: [] as Permission[] },
} as const satisfies Record<string, { title: string; description: string; permissions: readonly Permission[] }>

export type BuiltInRole = keyof typeof builtInRoles
