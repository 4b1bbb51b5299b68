import type { Permission } from '@opsconductor/contract'
import {
  IconCpu,
  IconHierarchy2,
  IconKey,
  IconLayoutDashboard,
  IconPlayerPlay,
  IconServer2,
  IconUserCircle,
  IconUsers,
  type TablerIcon,
} from '@tabler/icons-react'

export type Area = {
  to: '/' | '/jobs' | '/executions' | '/executors' | '/targets' | '/credentials' | '/users' | '/profile'
  label: string
  /** For the command palette. */
  description: string
  icon: TablerIcon
  permission?: Permission
  group: 'work' | 'assets' | 'people' | 'self'
}

/** Every place of the application, once: the navigation and the command palette are drawn from it. */
export const areas: readonly Area[] = [
  { to: '/', label: 'Dashboard', description: 'What is going on', icon: IconLayoutDashboard, group: 'work' },
  {
    to: '/jobs',
    label: 'Jobs',
    description: 'What may be run',
    icon: IconHierarchy2,
    permission: 'jobs.read',
    group: 'work',
  },
  {
    to: '/executions',
    label: 'Executions',
    description: 'What runs and what ran',
    icon: IconPlayerPlay,
    permission: 'executions.read',
    group: 'work',
  },
  {
    to: '/executors',
    label: 'Executors',
    description: 'Who runs branches, and how busy they are',
    icon: IconCpu,
    permission: 'executors.read',
    group: 'work',
  },
  {
    to: '/targets',
    label: 'Targets',
    description: 'Everything that can be reached',
    icon: IconServer2,
    permission: 'targets.read',
    group: 'assets',
  },
  {
    to: '/credentials',
    label: 'Credentials',
    description: 'Keys and passwords in the vault',
    icon: IconKey,
    permission: 'credentials.read',
    group: 'assets',
  },
  {
    to: '/users',
    label: 'Users and roles',
    description: 'Who may do what',
    icon: IconUsers,
    permission: 'users.read',
    group: 'people',
  },
  {
    to: '/profile',
    label: 'Profile',
    description: 'Your name, time zone, password and sessions',
    icon: IconUserCircle,
    group: 'self',
  },
]
