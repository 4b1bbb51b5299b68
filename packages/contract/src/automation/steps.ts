import { Fault } from '../assets/connection-tests.ts'
import { isOneLine } from '../identifiers.ts'
import { z } from '../zod.ts'

const StepId = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,59}$/, 'lower-case letters, digits, dash and underscore, starting with a letter')
const Text = z.string().min(1).max(1_000_000)
export const stepTimeoutMaxSec = 7 * 86_400

/** How a step is called. */
const named = {
  id: StepId.optional().describe('name for references; step-1, step-2, … where none is given'),
  name: z.string().trim().min(1).max(200).refine(isOneLine, 'one line').optional(),
}

/** What every step has that does something somewhere. */
const common = {
  ...named,
  target: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .optional()
    .describe('runs this step on that target (UUID, serial or name) in every branch'),
  timeoutSec: z
    .number()
    .int()
    .min(1)
    .max(stepTimeoutMaxSec)
    .optional()
    .describe('ends the step, and its remote processes, after so many seconds'),
  retries: z
    .number()
    .int()
    .min(0)
    .max(10)
    .optional()
    .describe('how often to run it again after it failed; it must be safe to repeat'),
  retryDelaySec: z
    .number()
    .min(0)
    .max(3_600)
    .optional()
    .describe('the pause before the first retry; each next one is twice as long, up to ten minutes'),
  retryOn: z
    .strictObject({
      faults: z.array(Fault).min(1).max(20).optional().describe('the wire failed in one of these ways'),
      exitCodes: z.array(z.number().int().min(0).max(4_294_967_295)).min(1).max(100).optional(),
    })
    .optional()
    .describe('only these failures are retried; all where absent'),
  onError: z.enum(['stop', 'continue']).optional().describe('what follows when it failed; default stop'),
  idempotent: z.boolean().optional().describe('may run again when nobody knows whether it ran'),
  mode: z.enum(['attached', 'detached']).optional().describe('detached steps outlive the executor'),
}

export const SshExec = z
  .strictObject({ ...common, type: z.literal('ssh.exec'), command: Text.describe('one command line of a POSIX shell') })
  .meta({ title: 'Command over SSH' })

const scripted = {
  script: Text.describe('a script, run by the interpreter'),
  interpreter: z
    .string()
    .trim()
    .regex(/^[A-Za-z0-9_./+-]{1,200}$/, 'a program name or path, without arguments')
    .optional()
    .describe('sh where none is given; placeholders are for sh, bash, dash and ksh'),
}

export const SshScript = z
  .strictObject({ ...common, type: z.literal('ssh.script'), ...scripted })
  .meta({ title: 'Script over SSH' })

export const ScriptLocal = z
  .strictObject({ ...common, type: z.literal('script.local'), ...scripted })
  .meta({ title: "Script on the executor's machine" })

export const waitMaxSec = 366 * 86_400

export const Wait = z
  .strictObject({
    ...named,
    type: z.literal('wait'),
    durationSec: z.number().min(0.1).max(waitMaxSec).optional().describe('so many seconds'),
    until: z
      .string()
      .trim()
      .min(1)
      .max(1_000)
      .optional()
      .describe(
        'until this moment: RFC 3339 with a time zone, such as 2027-01-31T02:00:00+01:00; may hold placeholders',
      ),
  })
  .refine(
    ({ durationSec, until }) => (durationSec === undefined) !== (until === undefined),
    'give either durationSec or until',
  )
  .meta({ title: 'Wait' })

const Path = z.string().min(1).max(1000)

/** What every copy is told. */
const copied = {
  ...common,
  mode: z.literal('attached').optional(),
  idempotent: z.boolean().optional().describe('may be copied again when nobody knows whether it was; default true'),
  direction: z.enum(['up', 'down']).optional().describe('up, to the target, unless told'),
  content: z
    .string()
    .max(1_000_000)
    .optional()
    .describe('up: the text of the file, in place of from; placeholders are replaced as they are'),
  to: Path.describe('what it is to be called: up, a path on the target; down, one in the executor’s folder for files'),
}

type CopySource = { direction?: 'up' | 'down' | undefined; content?: string | undefined; from?: string | undefined }
const hasOneSource = ({ content, from }: CopySource) => (content === undefined) !== (from === undefined)
const oneSource = { path: ['from'], error: 'either from or content is needed' }
const isContentUp = ({ direction, content }: CopySource) => direction !== 'down' || content === undefined
const contentUp = { path: ['content'], error: 'only what goes up to the target can be given as content' }

export const SshCopy = z
  .strictObject({
    ...copied,
    type: z.literal('ssh.copy'),
    from: Path.optional().describe(
      'a file or a folder: up, a path in the executor’s folder for files; down, a path on the target',
    ),
    fileMode: z
      .string()
      .regex(/^0?[0-7]{3}$/, 'three octal digits, such as 0644')
      .optional()
      .describe('permissions of the files; those of the originals unless told, 0644 for content'),
    owner: z
      .string()
      .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*\$?(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/, 'user or user:group')
      .optional()
      .describe('up: whom it belongs to on the target; the account that logs in unless told'),
    symlinks: z
      .enum(['keep', 'skip'])
      .optional()
      .describe('up: links in a folder become links, unless they are to be left out; down they always are'),
  })
  .refine(hasOneSource, oneSource)
  .refine(isContentUp, contentUp)
  .refine(({ direction, owner, symlinks }) => direction !== 'down' || (owner ?? symlinks) === undefined, {
    path: ['direction'],
    error: 'owner and symlinks are for what goes up',
  })
  .meta({ title: 'Copy files over SSH' })

export const WinrmExec = z
  .strictObject({
    ...common,
    type: z.literal('winrm.exec'),
    shell: z.enum(['powershell', 'cmd']).default('powershell'),
    command: Text.describe('PowerShell, or one command line of cmd.exe'),
  })
  .meta({ title: 'Command over WinRM' })

export const WinrmScript = z
  .strictObject({ ...common, type: z.literal('winrm.script'), script: Text.describe('a script of PowerShell') })
  .meta({ title: 'Script over WinRM' })

export const WinrmCopy = z
  .strictObject({
    ...copied,
    type: z.literal('winrm.copy'),
    from: Path.optional().describe('a file: up, a path in the executor’s folder for files; down, a path on the target'),
  })
  .refine(hasOneSource, oneSource)
  .refine(isContentUp, contentUp)
  .meta({ title: 'Copy a file over WinRM' })

export const Step = z.discriminatedUnion('type', [
  SshExec,
  SshScript,
  SshCopy,
  WinrmExec,
  WinrmScript,
  WinrmCopy,
  ScriptLocal,
  Wait,
])
/** What a step may be told beside what it does; of one that only waits there is none of it. */
export type StepOptions = z.infer<z.ZodObject<typeof common>>
export type Step = z.infer<typeof Step> & StepOptions
export type StepType = Step['type']

/** Steps that can run today. The others can be written and kept, and say so when they are to run. */
export const usableStepTypes: readonly StepType[] = [
  'ssh.exec',
  'ssh.script',
  'ssh.copy',
  'winrm.exec',
  'winrm.script',
  'winrm.copy',
  'script.local',
  'wait',
]
