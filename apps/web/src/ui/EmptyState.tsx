import { Group, Text } from '@mantine/core'
import type { TablerIcon } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './EmptyState.module.css'

type Props = { icon: TablerIcon; title: string; children?: ReactNode; actions?: ReactNode }

/** A list with nothing in it says what would be there, and what to do first. */
export const EmptyState = ({ icon: Icon, title, children, actions }: Props) => (
  <div className={classes.empty}>
    <div className={classes.icon}>
      <Icon size={24} stroke={1.5} aria-hidden />
    </div>
    <Text fw={600}>{title}</Text>
    {children && (
      <Text size="sm" c="dimmed" maw={440} component="div">
        {children}
      </Text>
    )}
    {actions && (
      <Group gap="xs" justify="center" mt="sm">
        {actions}
      </Group>
    )}
  </div>
)
