import { Button, Select, SimpleGrid, Stack, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { type Me, ProfileChange, api } from '@opsconductor/contract'
import { useMutation } from '@tanstack/react-query'
import { call, session } from '../../session/index.ts'
import { changed } from '../../session/queries.ts'
import { checkForm } from '../../ui/check-form.ts'
import { FormError } from '../../ui/FormError.tsx'
import { showProblem } from '../../ui/form-problem.ts'
import { tellDone } from '../../ui/notices.ts'

type Values = { displayName: string; email: string; title: string; phone: string; timeZone: string | null }

const browserZone = new Intl.DateTimeFormat().resolvedOptions().timeZone
const zones = [...new Set(['UTC', browserZone, ...Intl.supportedValuesOf('timeZone')])]
const shownZones = 60

const bodyOf = ({ displayName, email, title, phone, timeZone }: Values) => ({
  displayName,
  email: email || null,
  title: title || null,
  phone: phone || null,
  timeZone,
})

const valuesOf = ({ displayName, email, title, phone, timeZone }: Me): Values => ({
  displayName,
  email: email ?? '',
  title: title ?? '',
  phone: phone ?? '',
  timeZone,
})

export const ProfileForm = ({ me }: { me: Me }) => {
  const form = useForm<Values>({
    initialValues: valuesOf(me),
    validate: (values) => checkForm(ProfileChange, bodyOf(values)),
  })
  const save = useMutation({
    mutationFn: (values: Values) => call(api.auth.updateMe, { body: bodyOf(values) }),
    onSuccess: (me) => {
      session.update(me)
      form.setInitialValues(valuesOf(me))
      form.reset()
      void changed('users')
      tellDone('Your profile is saved')
    },
    onError: (error) => showProblem(form, error, () => true),
  })
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))} noValidate>
      <Stack gap="md">
        <FormError error={save.error} form={form} />
        <TextInput label="Name" autoComplete="name" {...form.getInputProps('displayName')} />
        <TextInput label="E-mail (optional)" type="email" autoComplete="email" {...form.getInputProps('email')} />
        <SimpleGrid cols={{ base: 1, xs: 2 }}>
          <TextInput label="Title (optional)" autoComplete="organization-title" {...form.getInputProps('title')} />
          <TextInput label="Phone (optional)" type="tel" autoComplete="tel" {...form.getInputProps('phone')} />
        </SimpleGrid>
        <Select
          label="Time zone"
          description="In which all times are shown to you"
          placeholder={`That of the browser: ${browserZone}`}
          data={zones}
          limit={shownZones}
          searchable
          clearable
          nothingFoundMessage="No such zone"
          {...form.getInputProps('timeZone')}
        />
        <Button type="submit" loading={save.isPending} disabled={!form.isDirty()} style={{ alignSelf: 'flex-start' }}>
          Save
        </Button>
      </Stack>
    </form>
  )
}
