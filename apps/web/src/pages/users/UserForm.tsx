import { Button, SimpleGrid, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { type User, UserChange, api } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { call, useMay } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { checkForm } from '../../ui/check-form.ts'
import { FormError } from '../../ui/FormError.tsx'
import { showProblem } from '../../ui/form-problem.ts'
import { tellDone } from '../../ui/notices.ts'
import { RolePicker } from './RolePicker.tsx'

const bodyOf = ({ displayName, email, title, phone, roles }: Values) => ({
  displayName,
  email: email || null,
  title: title || null,
  phone: phone || null,
  roles,
})

type Values = { displayName: string; email: string; title: string; phone: string; roles: string[] }

export const UserForm = ({ user }: { user: User }) => {
  const may = useMay()
  const isLocked = !may('users.update')
  const form = useForm<Values>({
    initialValues: {
      displayName: user.displayName,
      email: user.email ?? '',
      title: user.title ?? '',
      phone: user.phone ?? '',
      roles: user.roles,
    },
    validate: (values) => checkForm(UserChange, bodyOf(values)),
  })
  const save = useMutation({
    mutationFn: (values: Values) =>
      call(
        api.users.update,
        { params: { ref: user.uuid }, body: bodyOf(values) },
        { headers: { 'if-match': `"${user.revision}"` } },
      ),
    onSuccess: async ({ displayName }) => {
      await changed('users')
      tellDone(`${displayName} is saved`)
    },
    onError: (error) => showProblem(form, error, () => true),
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="md">
        <FormError error={save.error} form={form} />
        <TextInput label="Full name" disabled={isLocked} {...form.getInputProps('displayName')} />
        <TextInput
          label="E-mail (optional)"
          type="email"
          autoComplete="off"
          disabled={isLocked}
          {...form.getInputProps('email')}
        />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput label="Title (optional)" disabled={isLocked} {...form.getInputProps('title')} />
          <TextInput label="Phone (optional)" disabled={isLocked} {...form.getInputProps('phone')} />
        </SimpleGrid>
        <RolePicker
          value={form.values.roles}
          error={form.errors['roles']}
          isDisabled={isLocked}
          onChange={(roles) => form.setFieldValue('roles', roles)}
        />
        {!isLocked && (
          <Button type="submit" loading={save.isPending} disabled={!form.isDirty()} style={{ alignSelf: 'flex-start' }}>
            Save
          </Button>
        )}
      </Stack>
    </form>
  )
}
