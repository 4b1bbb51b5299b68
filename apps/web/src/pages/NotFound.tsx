import { Anchor, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { PageHeader } from '../ui/PageHeader.tsx'

export const NotFound = () => (
  <>
    <PageHeader title="There is nothing here" />
    <Text c="dimmed" maw={520}>
      The address may be mistyped, or what it named is not yours to see.{' '}
      <Anchor component={Link} to="/">
        Go to the dashboard
      </Anchor>
    </Text>
  </>
)
