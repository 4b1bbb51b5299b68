import { Button, Group, Text } from '@mantine/core'
import { IconChevronLeft, IconChevronRight } from '@tabler/icons-react'
import { useLocation } from '@tanstack/react-router'
import { useSearchChange } from './search-change.ts'

/**
 * Pages of a list by cursor: the cursor is in the address (`?cursor=`), those of the pages before in the history. A
 * page that was opened by its address alone knows no previous one, and offers the first instead.
 */
export const Pager = ({
  cursor,
  nextCursor,
}: {
  cursor: string | undefined
  nextCursor: string | null | undefined
}) => {
  const change = useSearchChange()
  const { state } = useLocation()
  const trail = state.trail ?? []
  if (cursor === undefined && (nextCursor === null || nextCursor === undefined)) return null
  const go = (to: string | undefined, trail: (string | undefined)[]) =>
    change({ values: { cursor: to }, trail, isNewEntry: true })
  const hasTrail = trail.length > 0
  return (
    <Group component="nav" aria-label="Pages" justify="space-between" px="lg" py="xs">
      <Text size="sm" c="dimmed">
        {hasTrail || cursor === undefined ? `Page ${trail.length + 1}` : 'A later page'}
      </Text>
      <Group gap="xs">
        {cursor !== undefined && (
          <Button
            size="xs"
            variant="default"
            leftSection={<IconChevronLeft size={15} aria-hidden />}
            onClick={() => go(hasTrail ? trail.at(-1) : undefined, trail.slice(0, -1))}
          >
            {hasTrail ? 'Previous' : 'First page'}
          </Button>
        )}
        <Button
          size="xs"
          variant="default"
          rightSection={<IconChevronRight size={15} aria-hidden />}
          disabled={!nextCursor}
          onClick={() => nextCursor && go(nextCursor, [...trail, cursor])}
        >
          Next
        </Button>
      </Group>
    </Group>
  )
}
