import { ActionIcon, Badge, Group, NumberInput, Radio, Select, Switch, TextInput, Tooltip } from '@mantine/core'
import type { UseFormReturnType } from '@mantine/form'
import { MethodType, usableMethods, usualPort } from '@opsconductor/contract'
import { IconTrash } from '@tabler/icons-react'
import { CredentialPicker } from './CredentialPicker.tsx'
import { MethodDetails } from './MethodDetails.tsx'
import classes from './MethodFields.module.css'
import { type TargetDraft, needsAddress, primaryCredential } from './target-draft.ts'
import { WinrmFields } from './WinrmFields.tsx'
import { methodWords } from './words.ts'

const choices = [
  {
    group: 'Usable now',
    items: usableMethods.map((value) => ({ value, label: methodWords[value] })),
  },
  {
    group: 'To be written down',
    items: MethodType.options
      .filter((value) => !usableMethods.includes(value))
      .map((value) => ({ value, label: methodWords[value] })),
  },
]

/** One way to reach the target. */
export const MethodFields = ({ form, index }: { form: UseFormReturnType<TargetDraft>; index: number }) => {
  const method = form.values.methods[index]
  if (method === undefined) return null
  const path = `methods.${index}` as const
  const isOnly = form.values.methods.length === 1
  const isPrimary = form.values.primary === method.key
  const remove = () => {
    form.removeListItem('methods', index)
    const next = form.values.methods.find(({ key }) => key !== method.key)
    if (isPrimary && next) form.setFieldValue('primary', next.key)
  }
  return (
    <fieldset className={classes.method}>
      <legend className={classes.legend}>
        {methodWords[method.type]}
        {isPrimary && !isOnly && (
          <Badge variant="dot" color="petrol" ml="xs" tt="none">
            Primary
          </Badge>
        )}
      </legend>
      <div className={classes.fields}>
        <Select
          className={classes.type}
          label="Method"
          data={choices}
          allowDeselect={false}
          {...form.getInputProps(`${path}.type`)}
        />
        {needsAddress(method.type) && (
          <>
            <TextInput
              className={classes.host}
              label="Host"
              placeholder="web-01.example.org or 192.0.2.10"
              autoCapitalize="none"
              spellCheck={false}
              {...form.getInputProps(`${path}.host`)}
            />
            <NumberInput
              className={classes.port}
              label="Port"
              placeholder={String(
                usualPort({ type: method.type, config: { https: method.winrm.https === 'https' } }) ?? '',
              )}
              min={1}
              max={65_535}
              allowDecimal={false}
              allowNegative={false}
              hideControls
              {...form.getInputProps(`${path}.port`)}
            />
          </>
        )}
        {method.type !== 'local' && (
          <CredentialPicker
            value={method.credential}
            chosen={method.original && primaryCredential(method.original)}
            error={form.errors[`${path}.credential`]}
            onChange={(uuid) => form.setFieldValue(`${path}.credential`, uuid)}
          />
        )}
      </div>
      <WinrmFields form={form} index={index} />
      <MethodDetails form={form} index={index} />
      {!isOnly && (
        <Group gap="lg" mt="sm">
          <Radio
            name="primary"
            label="Primary: tried first"
            checked={isPrimary}
            onChange={() => form.setFieldValue('primary', method.key)}
          />
          <Switch label="In use" {...form.getInputProps(`${path}.isActive`, { type: 'checkbox' })} />
          <Tooltip label="Remove this method">
            <ActionIcon variant="subtle" color="gray" ml="auto" aria-label="Remove this method" onClick={remove}>
              <IconTrash size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
      )}
    </fieldset>
  )
}
