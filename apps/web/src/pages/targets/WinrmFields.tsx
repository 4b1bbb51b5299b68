import { Select, Switch, Textarea } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import classes from './MethodFields.module.css'
import type { TargetDraft } from './target-draft.ts'

const ways = [
  { value: 'https', label: 'HTTPS' },
  { value: 'http', label: 'HTTP, each message sealed' },
]
const auths = [
  { value: 'ntlm', label: 'NTLM' },
  { value: 'kerberos', label: 'Kerberos' },
  { value: 'basic', label: 'Basic: accounts of the machine' },
  { value: 'certificate', label: 'Client certificate' },
]
const transports = [
  { value: 'winrs', label: 'WinRS: a process for each command' },
  { value: 'psrp', label: 'PSRP: a PowerShell that stays' },
]
const trusts = [
  { value: 'pinned', label: 'The one met first, pinned' },
  { value: 'authority', label: 'One an authority vouches for' },
]

/** How WinRM is spoken: what is not touched stays as the server has it. */
export const WinrmFields = ({ form, index }: { form: UseFormReturnType<TargetDraft>; index: number }) => {
  const method = form.values.methods[index]
  if (method?.type !== 'winrm') return null
  const { winrm } = method
  const path = `methods.${index}.winrm` as const
  const isHttps = winrm.https !== 'http'
  return (
    <div className={classes.fields} data-kind="winrm">
      <Select
        className={classes.half}
        label="Spoken over"
        data={ways}
        allowDeselect={false}
        {...form.getInputProps(`${path}.https`)}
      />
      <Select
        className={classes.half}
        label="Log-in by"
        data={auths}
        allowDeselect={false}
        {...form.getInputProps(`${path}.auth`)}
      />
      <Select
        className={classes.half}
        label="Runs commands by"
        description={
          winrm.transport === 'psrp'
            ? 'Also for Remote Management Users; PowerShell only'
            : 'For administrators of the machine'
        }
        data={transports}
        allowDeselect={false}
        {...form.getInputProps(`${path}.transport`)}
      />
      {isHttps && (
        <Select
          className={classes.half}
          label="Certificate of the machine"
          description="Another one is refused"
          data={trusts}
          allowDeselect={false}
          {...form.getInputProps(`${path}.certificateTrust`)}
        />
      )}
      {isHttps && winrm.certificateTrust === 'authority' && (
        <Textarea
          className={classes.whole}
          label="Authorities (optional)"
          description="PEM; the system’s unless told"
          autosize
          minRows={2}
          maxRows={8}
          spellCheck={false}
          {...form.getInputProps(`${path}.caCertificate`)}
        />
      )}
      {!isHttps && winrm.auth === 'basic' && (
        <Switch
          className={classes.whole}
          label="Let the password be readable on its way"
          description="Basic does not seal: everybody on the network between could read it"
          {...form.getInputProps(`${path}.allowUnencrypted`, { type: 'checkbox' })}
        />
      )}
    </div>
  )
}
