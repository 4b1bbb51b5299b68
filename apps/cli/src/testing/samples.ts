import type {
  Branch,
  BranchStatus,
  ExecutionDetail,
  ExecutionStatus,
  JobDetail,
  Me,
  OutputLine,
} from '@opsconductor/contract'

const at = '2026-01-02T03:04:05.000Z'
export const uuid = (n: number) => `01890000-0000-7000-8000-${String(n).padStart(12, '0')}`

export const me = (changes: Partial<Me> = {}): Me => ({
  uuid: uuid(1),
  username: 'anna',
  displayName: 'Anna',
  email: null,
  phone: null,
  title: null,
  timeZone: null,
  preferences: {},
  status: 'active',
  roles: ['operator'],
  mustChangePassword: false,
  lastLoginAt: at,
  createdAt: at,
  updatedAt: at,
  revision: 1,
  permissions: ['jobs.read'],
  ...changes,
})

const job = { uuid: uuid(10), serial: 'JOB-2026-000001', name: 'restart', version: 1 }

export const jobDetail = (changes: Partial<JobDetail> = {}): JobDetail => ({
  ...job,
  description: '',
  folder: '',
  tags: [],
  isEnabled: true,
  state: 'draft',
  stepCount: 1,
  lastExecution: null,
  createdBy: 'anna',
  createdAt: at,
  updatedAt: at,
  archivedAt: null,
  revision: 1,
  warnings: [],
  document: { name: 'restart', steps: [{ type: 'ssh.exec', command: 'true' }] },
  ...changes,
})

const none = { scheduled: 0, queued: 0, running: 0, completed: 0, failed: 0, cancelled: 0, skipped: 0, lost: 0 }

export const execution = (
  status: ExecutionStatus,
  counts: Partial<typeof none> = { running: 1 },
  changes: Partial<ExecutionDetail> = {},
): ExecutionDetail => ({
  uuid: uuid(20),
  ref: 'JOB-2026-000001.1',
  number: 1,
  job,
  status,
  needsAttention: false,
  cancelOutcome: null,
  message: null,
  requestedBy: 'anna',
  trigger: 'manual',
  rerunOf: null,
  parameters: {},
  strategy: {},
  priority: 0,
  timeoutSec: null,
  timedOutAt: null,
  planHash: 'hash',
  counts: { ...none, ...counts, total: Object.values(counts).reduce((sum, count) => sum + count, 0) },
  pausedAt: null,
  pausedBy: null,
  scheduledAt: null,
  queuedAt: at,
  startedAt: at,
  finishedAt: status === 'running' || status === 'queued' ? null : '2026-01-02T03:04:07.000Z',
  changeSeq: 1,
  waitingFor: null,
  ...changes,
})

export const branch = (number: number, status: BranchStatus, changes: Partial<Branch> = {}): Branch => ({
  uuid: uuid(100 + number),
  number: String(number).padStart(3, '0'),
  target: { uuid: uuid(200 + number), serial: `TGT-2026-00000${number}`, name: `web${number}` },
  batch: 1,
  status,
  attempt: 1,
  fault: null,
  message: null,
  cancelOutcome: null,
  outputLines: 0,
  dueAt: null,
  queuedAt: at,
  startedAt: status === 'queued' ? null : at,
  finishedAt: null,
  changeSeq: 1,
  ...changes,
})

export const line = (seq: number, text: string, changes: Partial<OutputLine> = {}): OutputLine => ({
  seq,
  line: seq,
  at,
  step: 1,
  stream: 'stdout',
  text,
  continues: false,
  ...changes,
})
