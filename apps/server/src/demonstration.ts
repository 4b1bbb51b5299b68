import { type JobDocumentInput, JobDocument, NewTarget, Permission } from '@opsconductor/contract'
import type { App } from './app.ts'
import type { Context } from './kernel/context.ts'
import { Refusal } from './kernel/errors.ts'

/** What `npm start -- --demo` adds, so that someone without a server at hand sees a job run. */
const target = NewTarget.parse({
  name: 'this-machine',
  description: 'The machine OpsConductor runs on, reached without a network.',
  environment: 'testing',
  tags: ['demo'],
  methods: [{ type: 'local', config: { host: 'localhost' } }],
})

const jobs: JobDocumentInput[] = [
  {
    name: 'Look around',
    description: 'Two short steps: which machine is this, and how is it doing?',
    folder: 'demo',
    tags: ['demo'],
    targets: ['this-machine'],
    steps: [
      { id: 'system', name: 'Which machine is this', type: 'ssh.exec', command: 'uname -a && id' },
      { id: 'load', name: 'How is it doing', type: 'ssh.exec', command: 'uptime; df -h / 2>/dev/null' },
    ],
  },
  {
    name: 'Count slowly',
    description:
      'A script whose output can be watched live, in colour. Its parameters show how values are handed over.',
    folder: 'demo',
    tags: ['demo'],
    targets: ['this-machine'],
    parameters: {
      greeting: {
        type: 'string',
        default: "It's live",
        description: 'Any text; quotes and $(signs) stay what they are',
      },
      seconds: { type: 'number', default: 20, description: 'How long to count' },
    },
    steps: [
      {
        id: 'count',
        name: 'Count to the end',
        type: 'ssh.script',
        timeoutSec: 600,
        script: [
          'i=1',
          'last={{ seconds }}',
          'while [ "$i" -le "$last" ]; do',
          `  printf '\\033[32m%s\\033[0m %s of %s\\n' "{{ greeting }}:" "$i" "$last"`,
          '  [ $((i % 5)) -eq 0 ] && echo "every fifth line goes to standard error" >&2',
          '  i=$((i + 1))',
          '  sleep 1',
          'done',
        ].join('\n'),
      },
    ],
  },
]

/** Adds the target and the jobs, each unless something of its name is there already. */
export const addDemonstration = async (app: App): Promise<void> => {
  const base = app.contextOf('demonstration')
  const ctx: Context = { ...base, actor: { ...base.actor, permissions: new Set(Permission.options) } }
  await unlessThere(() => app.assets.targets.create(ctx, target))
  for (const job of jobs) await unlessThere(() => app.automation.jobs.create(ctx, JobDocument.parse(job)))
}

const unlessThere = async (add: () => Promise<unknown>) => {
  try {
    await add()
  } catch (error) {
    if (!(error instanceof Refusal && error.code === 'name_taken')) throw error
  }
}
