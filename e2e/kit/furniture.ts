import { join } from 'node:path'
import { api, type Execution, type JobDocumentInput } from '@opsconductor/contract'
import { until } from '@opsconductor/transports/testing'
import { untilEnded } from './client.ts'
import type { Inhabited } from './inhabited.ts'

type Steps = JobDocumentInput['steps']

const step = (command: string) => ({ type: 'ssh.exec' as const, command })

/** One of every kind that a form can write. */
const everyStep: Steps = [
  { type: 'wait', name: 'Let the others finish', durationSec: 30 },
  { type: 'wait', until: '2027-01-31T02:00:00+01:00' },
  { type: 'ssh.script', script: 'set -e\nsystemctl reload nginx', interpreter: 'bash', timeoutSec: 60, retries: 2 },
  {
    type: 'ssh.copy',
    content: 'server_name {{ target.name }};\n',
    to: '/etc/nginx/conf.d/site.conf',
    owner: 'root:root',
  },
  { type: 'ssh.copy', from: 'site', to: '/srv/site', symlinks: 'skip' },
  { type: 'ssh.copy', direction: 'down', from: '/var/log/syslog', to: 'logs/{{ target.name }}' },
  { type: 'script.local', script: 'curl -fsS https://status.example.org/{{ target.name }}' },
  { type: 'winrm.exec', shell: 'cmd', command: 'ver' },
  { type: 'winrm.script', script: 'Get-Service Spooler | Restart-Service' },
  { type: 'winrm.copy', from: 'iis/web.config', to: String.raw`C:\inetpub\wwwroot\web.config` },
]

/** A Windows machine that is not there, behind a jump host that is. */
const addWindows = async ({ admin }: Pick<Inhabited, 'admin'>, jumpHost: string): Promise<string> => {
  const { call } = await admin()
  const { serial } = await call(api.targets.create, {
    body: {
      name: 'a Windows machine',
      osType: 'windows',
      methods: [
        { type: 'winrm', config: { host: 'win.example.org', https: false, auth: 'kerberos' } },
        { type: 'winrm', config: { host: 'win.example.org', certificateTrust: 'authority' } },
        { type: 'ssh', config: { host: 'win.example.org', jumpHosts: [jumpHost], guardDirectory: '~/.notes' } },
      ],
    },
  })
  return serial
}

/** Executions that did not simply end well, and one that copied. */
const addExecutions = async (inhabited: Inhabited) => {
  const { admin, addJob, addTarget, machines, run } = inhabited
  const client = await admin()
  const { call } = client
  const all = await inhabited.targets()
  const one = all.slice(0, 1)

  const startAll = async (steps: Steps, targets: string[], more: Partial<JobDocumentInput> = {}) => {
    const job = await addJob({ steps, targets, ...more })
    return call(api.executions.start, { params: { ref: job.uuid }, body: {} })
  }
  const held = await startAll([step('echo through')], all, {
    strategy: { batches: [1], pauseBetweenBatches: true },
  })
  const timedOut = await run('echo begun; sleep 600', one, { timeoutSec: 1 })
  const copied = await startAll(
    [{ type: 'ssh.copy', name: 'Greeting', content: 'hello\n', to: join(machines().folder, 'copied') }],
    one,
  )

  // its machine goes away in the middle of a step: of one the step is given up, of the other it stays lost
  const gone = await machines().add()
  const away = await addTarget(gone)
  const lost = await run('echo begun; sleep 600', [away, ...one])
  const unconfirmed = await run('echo begun; sleep 600', [away])
  const begun = async ({ uuid }: Execution) =>
    (await call(api.executions.branches, { params: { ref: uuid }, query: {} })).items[0]?.outputLines === 1
  await until(async () => (await begun(lost)) && (await begun(unconfirmed)))
  await gone.stop()
  for (const execution of [timedOut, copied, lost, unconfirmed]) await untilEnded(client, execution)
  await call(api.executions.cancel, { params: { ref: unconfirmed.uuid } })
  await until(async () => (await call(api.executions.read, { params: { ref: held.uuid } })).status === 'paused')
  return {
    held: held.ref,
    timedOut: timedOut.ref,
    copied: copied.ref,
    lost: lost.ref,
    unconfirmed: unconfirmed.ref,
  }
}

/** References of things to look at, made through the API. */
export const furnish = async (inhabited: Inhabited) => {
  const { admin, addJob, targets } = inhabited
  const client = await admin()
  const { call } = client
  const names = await targets()
  const job = await addJob({
    description: 'Looks after the web servers.',
    tags: ['web'],
    parameters: { service: 'nginx', token: { type: 'string', secret: true } },
    targets: names,
    steps: [step('echo "service {{ service }}"; printf "\\033[33mcareful\\033[0m\\n" >&2'), step('uname -a')],
  })
  const execution = await call(api.executions.start, {
    params: { ref: job.uuid },
    body: { parameters: { token: 'very-secret-token' } },
  })
  await untilEnded(client, execution)
  const [target] = (await call(api.targets.list, { query: { q: names[0] } })).items
  const [credential] = (await call(api.credentials.list, { query: {} })).items
  const [user] = (await call(api.users.list, { query: {} })).items
  const everyKind = await addJob({
    name: 'a job of every kind of step, with a name that is long enough for two lines and more',
    steps: everyStep,
  })
  return {
    job: job.serial,
    everyKind: everyKind.serial,
    execution: execution.ref,
    target: target?.serial ?? '',
    windows: await addWindows(inhabited, names[0] ?? ''),
    credential: credential?.uuid ?? '',
    user: user?.uuid ?? '',
    ...(await addExecutions(inhabited)),
  }
}

export type References = Awaited<ReturnType<typeof furnish>>
