import { NumberInput, Select, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { JumpHostPicker } from './JumpHostPicker.tsx'
import classes from './MethodFields.module.css'
import { type TargetDraft, isShell } from './target-draft.ts'

const clients = [
  { value: '', label: 'As the credential needs: built in, else OpenSSH' },
  { value: 'ssh2', label: 'Built in' },
  { value: 'openssh', label: 'OpenSSH, installed on the executor' },
]

const pathsHere = ['jumpHosts', 'sshClient', 'guardDirectory', 'connectTimeoutSec'] as const

/** What few targets need: open where something of it is set or wrong. */
export const MethodDetails = ({ form, index }: { form: UseFormReturnType<TargetDraft>; index: number }) => {
  const method = form.values.methods[index]
  if (method === undefined || !isShell(method.type)) return null
  const path = `methods.${index}` as const
  const isUsed = pathsHere.some((name) => method.original?.config[name] !== undefined)
  const isWrong = pathsHere.some((name) => form.errors[`${path}.${name}`] !== undefined)
  return (
    <details className={classes.details} open={isUsed || isWrong || undefined}>
      <summary>{method.type === 'ssh' ? 'Jump hosts and more' : 'More'}</summary>
      <div className={classes.fields}>
        {method.type === 'ssh' && (
          <>
            <JumpHostPicker
              value={method.jumpHosts}
              known={form.values.jumpHosts}
              error={form.errors[`${path}.jumpHosts`]}
              onChange={(uuids) => form.setFieldValue(`${path}.jumpHosts`, uuids)}
            />
            <Select
              className={classes.half}
              label="SSH client"
              description="OpenSSH for post-quantum-only servers and keys on hardware"
              data={clients}
              allowDeselect={false}
              {...form.getInputProps(`${path}.sshClient`)}
            />
            <NumberInput
              className={classes.half}
              label="Time to connect"
              description="For the whole way, log-in included"
              placeholder="10 for each machine"
              suffix=" s"
              min={1}
              max={300}
              allowDecimal={false}
              allowNegative={false}
              {...form.getInputProps(`${path}.connectTimeoutSec`)}
            />
          </>
        )}
        <TextInput
          className={classes.whole}
          label="Folder on the target"
          description="Where it is noted what has begun, and the output of detached steps is kept; for this log-in alone"
          placeholder="~/.opsconductor"
          autoCapitalize="none"
          spellCheck={false}
          {...form.getInputProps(`${path}.guardDirectory`)}
        />
      </div>
    </details>
  )
}
