import { MultiSelect } from '@mantine/core'
import { api } from '@opsconductor/contract'
import { useQuery } from '@tanstack/react-query'
import { useMay } from '../../session/index.ts'
import { queryOf } from '../../session/queries.ts'

type Props = { value: string[]; error?: React.ReactNode; isDisabled?: boolean; onChange: (roles: string[]) => void }

export const RolePicker = ({ value, error, isDisabled = false, onChange }: Props) => {
  const may = useMay()
  const { data } = useQuery({ ...queryOf(api.roles.list, {}), enabled: may('roles.read') })
  const choices = data?.items.map(({ name, title }) => ({ value: name, label: title })) ?? value
  return (
    <MultiSelect
      label="Roles"
      data={choices}
      value={value}
      error={error}
      disabled={isDisabled}
      onChange={onChange}
      placeholder={value.length === 0 ? 'At least one' : undefined}
    />
  )
}
