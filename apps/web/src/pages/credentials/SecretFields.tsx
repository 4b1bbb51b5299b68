import { Button, FileButton, Group, PasswordInput, Select, Stack, Textarea, TextInput } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import type { CredentialType } from '@opsconductor/contract'
import { IconFileUpload } from '@tabler/icons-react'
import classes from './SecretFields.module.css'
import { isEncryptedKey, keyAdvice } from './private-key.ts'
import { type SecretField, secretShapes } from './secret-shapes.ts'

export type SecretValues = { secret: Record<string, string> }

/** The inputs of a secret, by the credential's type. What is typed goes to the server and never comes back. */
export const SecretFields = <V extends SecretValues>({
  type,
  form,
}: {
  type: CredentialType
  form: UseFormReturnType<V>
}) => {
  const shown = (field: SecretField) => (
    <Field
      key={`${type}.${field.name}`}
      field={field}
      value={form.values.secret[field.name] ?? ''}
      needsPassphrase={isEncryptedKey(form.values.secret['privateKey'] ?? '')}
      error={form.errors[`secret.${field.name}`]}
      path={`secret.${field.name}`}
      onChange={(value) => form.setFieldValue('secret', { ...form.values.secret, [field.name]: value } as never)}
    />
  )
  const fields = secretShapes[type]
  const rare = fields.filter(({ isRare }) => isRare)
  const isWrong = rare.some(({ name }) => form.errors[`secret.${name}`] !== undefined)
  return (
    <Stack gap="md">
      {fields.filter(({ isRare }) => !isRare).map(shown)}
      {rare.length > 0 && (
        <details className={classes.rare} open={isWrong || undefined}>
          <summary>Where the log-in asks for more</summary>
          <Stack gap="md">{rare.map(shown)}</Stack>
        </details>
      )}
    </Stack>
  )
}

type FieldProps = {
  field: SecretField
  value: string
  needsPassphrase: boolean
  error: React.ReactNode
  path: string
  onChange: (value: string) => void
}

const Field = ({ field, value, needsPassphrase, error, path, onChange }: FieldProps) => {
  const isAsked = field.name === 'passphrase' && needsPassphrase
  const common = {
    label: field.isOptional && !isAsked ? `${field.label} (optional)` : field.label,
    description: isAsked ? 'This key is encrypted, so it needs its passphrase' : field.hint,
    error,
    value,
    'data-path': path,
  }
  switch (field.kind) {
    case 'hidden':
      return (
        <PasswordInput
          {...common}
          autoComplete="new-password"
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )
    case 'choice':
      return (
        <Select
          {...common}
          value={value || null}
          data={field.choices ?? []}
          clearable
          onChange={(next) => onChange(next ?? '')}
        />
      )
    case 'lines':
      return (
        <Textarea
          {...common}
          placeholder="verification code = 123456"
          autosize
          minRows={2}
          maxRows={12}
          spellCheck={false}
          autoComplete="off"
          classNames={{ input: classes.pem }}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )
    case 'pem':
      return <PemField {...common} error={error ?? keyAdvice(value)} onChange={onChange} />
    case 'word':
    default:
      return (
        <TextInput
          {...common}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          onChange={({ currentTarget }) => onChange(currentTarget.value)}
        />
      )
  }
}

type PemProps = {
  label: string
  description?: string
  error: React.ReactNode
  value: string
  onChange: FieldProps['onChange']
}

const PemField = ({ onChange, ...rest }: PemProps) => (
  <div>
    <Textarea
      {...rest}
      placeholder="Paste it here, or choose its file"
      autosize
      minRows={5}
      maxRows={12}
      spellCheck={false}
      autoComplete="off"
      classNames={{ input: classes.pem }}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
    <Group mt={6}>
      <FileButton onChange={(file) => void file?.text().then(onChange)}>
        {(props) => (
          <Button {...props} size="xs" variant="default" leftSection={<IconFileUpload size={15} aria-hidden />}>
            Choose a file
          </Button>
        )}
      </FileButton>
    </Group>
  </div>
)
