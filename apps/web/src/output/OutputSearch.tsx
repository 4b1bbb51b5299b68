import { ActionIcon, Group, Loader, Text, TextInput, Tooltip } from '@mantine/core'
import type { OutputMatch } from '@opsconductor/contract'
import { IconChevronDown, IconChevronUp, IconSearch, IconX } from '@tabler/icons-react'
import type { RefObject } from 'react'

type Props = {
  input: RefObject<HTMLInputElement | null>
  wanted: string
  onWant: (wanted: string) => void
  matches: readonly OutputMatch[]
  isCut: boolean
  isSearching: boolean
  hasFailed: boolean
  /** Line of the match that is shown, if any. */
  current: number | undefined
  onStep: (direction: 'next' | 'previous') => void
}

/** Looks through the whole output, on the server: not only through what happens to be loaded. */
export const OutputSearch = (props: Props) => {
  const { input, wanted, onWant, matches, isCut, isSearching, hasFailed, current, onStep } = props
  const index = matches.findIndex(({ line }) => line === current)
  const total = `${matches.length.toLocaleString('en')}${isCut ? '+' : ''}`
  const found =
    matches.length === 0 ? 'no match' : `${index === -1 ? '' : `${(index + 1).toLocaleString('en')} of `}${total}`
  const says = hasFailed ? 'search failed' : isSearching ? 'searching…' : found
  return (
    <Group gap={4} wrap="nowrap" component="search" aria-label="Output">
      <TextInput
        ref={input}
        size="xs"
        w={{ base: 150, sm: 210 }}
        aria-label="Search the output"
        placeholder="Search the output"
        value={wanted}
        maxLength={200}
        leftSection={isSearching ? <Loader size={12} /> : <IconSearch size={14} aria-hidden />}
        rightSection={
          wanted !== '' && (
            <ActionIcon
              size="sm"
              variant="subtle"
              color="gray"
              aria-label="Clear the search"
              onClick={() => onWant('')}
            >
              <IconX size={14} aria-hidden />
            </ActionIcon>
          )
        }
        onChange={(event) => onWant(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') onStep(event.shiftKey ? 'previous' : 'next')
          else if (event.key === 'Escape') onWant('')
          else return
          event.preventDefault()
        }}
      />
      {wanted !== '' && (
        <>
          <Tooltip label="Previous match (Shift-Enter)" withinPortal={false}>
            <ActionIcon variant="default" aria-label="Previous match" onClick={() => onStep('previous')}>
              <IconChevronUp size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
          <Tooltip label="Next match (Enter)" withinPortal={false}>
            <ActionIcon variant="default" aria-label="Next match" onClick={() => onStep('next')}>
              <IconChevronDown size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </>
      )}
      <Text size="xs" c="dimmed" component="output" className="number">
        {wanted === '' ? '' : says}
      </Text>
    </Group>
  )
}
