import { NumberInput, PasswordInput, Select, Stack, Switch, Textarea } from '@mantine/core'
import type { Field, Typed } from './parameter-values.ts'

type Props = {
  fields: readonly Field[]
  typed: Typed
  onType: (typed: Typed) => void
  errors: Record<string, string>
}

/** One input for each parameter, of its kind. */
export const ParameterInputs = ({ fields, typed, onType, errors }: Props) => (
  <Stack gap="sm">
    {fields.map((field) => (
      <Input
        key={field.name}
        field={field}
        value={typed[field.name]}
        error={errors[field.name]}
        onChange={(value) => onType({ ...typed, [field.name]: value })}
      />
    ))}
  </Stack>
)

type InputProps = {
  field: Field
  value: string | boolean | undefined
  error: string | undefined
  onChange: (value: string | boolean | undefined) => void
}

const Input = ({ field: { name, spec }, value, error, onChange }: InputProps) => {
  const common = {
    label: name,
    description: spec.description,
    error,
    required: spec.required ?? false,
    withAsterisk: spec.required ?? false,
  }
  const text = typeof value === 'string' ? value : ''
  if (spec.choices) {
    return (
      <Select
        {...common}
        data={spec.choices.map(String)}
        value={text || null}
        clearable={!spec.required}
        onChange={(next) => onChange(next ?? undefined)}
      />
    )
  }
  if (spec.secret) {
    return (
      <PasswordInput
        {...common}
        value={text}
        autoComplete="off"
        visibilityToggleButtonProps={{ 'aria-label': `Show ${name}` }}
        onChange={({ currentTarget }) => onChange(currentTarget.value)}
      />
    )
  }
  if (spec.type === 'boolean') {
    return (
      <Switch
        label={name}
        description={spec.description}
        error={error}
        checked={value === true}
        onChange={({ currentTarget }) => onChange(currentTarget.checked)}
      />
    )
  }
  if (spec.type === 'number') {
    return <NumberInput {...common} value={text} hideControls onChange={(next) => onChange(String(next))} />
  }
  return (
    <Textarea
      {...common}
      autosize
      minRows={1}
      maxRows={8}
      value={text}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  )
}
