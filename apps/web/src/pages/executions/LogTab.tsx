import { Button, Group, Select, Stack, Text } from '@mantine/core'
import {
  api,
  type Execution,
  LogCategory,
  type LogLine,
  LogLevel,
  LogPhase,
  isFinalExecution,
} from '@opsconductor/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { useState } from 'react'
import { useLive } from '../../live/index.ts'
import { call } from '../../session/index.ts'
import { ErrorView } from '../../ui/ErrorView.tsx'
import { useSearchChange } from '../../ui/search-change.ts'
import { StatusBadge, type Tone } from '../../ui/StatusBadge.tsx'
import classes from './LogTab.module.css'

const words = (name: string) => name.replaceAll('_', ' ')
const tones: Record<LogLevel, Tone> = { debug: 'neutral', info: 'blue', warning: 'amber', error: 'red' }
const timeFormat = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' })

type Props = { executionRef: string; execution: Execution }

/** The life of an execution, line by line: what OpsConductor did, as opposed to what the commands said. */
export const LogTab = ({ executionRef, execution }: Props) => {
  const { phase, level, category } = useSearch({ from: '/app/executions/$ref' })
  const filters = { phase, level, category }
  const change = useSearchChange()
  const pages = useInfiniteQuery({
    queryKey: ['execution', executionRef, 'log', filters],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      call(
        api.executions.log,
        { params: { ref: executionRef }, query: { ...filters, limit: 200, cursor: pageParam } },
        { signal },
      ),
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    gcTime: 0,
  })
  const read = pages.data?.pages.flatMap(({ items }) => items) ?? []
  const [live, setLive] = useState<readonly LogLine[]>([])
  // only what is read to its end can be continued
  const isWhole = pages.data !== undefined && !pages.hasNextPage
  const [from, setFrom] = useState<number>()
  if (isWhole && from === undefined) setFrom(read.at(-1)?.seq ?? 0)
  const isOver = isFinalExecution(execution.status) && !execution.needsAttention
  useLive(from === undefined || isOver ? null : { topic: 'log', ref: executionRef, from }, (frame) => {
    if (frame.type === 'log') setLive((lines) => [...lines, ...frame.lines])
  })
  const lastRead = read.at(-1)?.seq ?? 0
  const lines = isWhole ? [...read, ...bySeq(live.filter((line) => line.seq > lastRead && fits(line, filters)))] : read

  return (
    <Stack gap="md">
      <Group gap="sm">
        <LogSelect name="phase" label="Phase" options={LogPhase.options} value={phase} change={change} />
        <LogSelect name="level" label="Level" options={LogLevel.options} value={level} change={change} />
        <LogSelect name="category" label="Category" options={LogCategory.options} value={category} change={change} />
      </Group>
      {pages.error && <ErrorView error={pages.error} onRetry={() => void pages.refetch()} />}
      {pages.isPending && <Text c="dimmed">Loading…</Text>}
      {pages.data && lines.length === 0 && (
        <Text c="dimmed" size="sm">
          {phase || level || category ? 'No line is like that.' : 'Nothing has been written down yet.'}
        </Text>
      )}
      {lines.length > 0 && (
        <ol className={classes.log}>
          {lines.map((line) => (
            <Row key={line.seq} line={line} />
          ))}
        </ol>
      )}
      {pages.hasNextPage && (
        <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Load more
        </Button>
      )}
    </Stack>
  )
}

const fits = (line: LogLine, filters: { phase?: string; level?: string; category?: string }) =>
  (filters.phase ?? line.phase) === line.phase &&
  (filters.level ?? line.level) === line.level &&
  (filters.category ?? line.category) === line.category

const bySeq = (lines: readonly LogLine[]) => [...new Map(lines.map((line) => [line.seq, line])).values()]

type SelectProps = {
  name: string
  label: string
  options: readonly string[]
  value: string | undefined
  change: ReturnType<typeof useSearchChange>
}

const LogSelect = ({ name, label, options, value, change }: SelectProps) => (
  <Select
    aria-label={label}
    placeholder={label}
    clearable
    w={190}
    data={options.map((option) => ({ value: option, label: words(option) }))}
    value={value ?? null}
    onChange={(next) => change({ values: { [name]: next ?? undefined } })}
  />
)

const Row = ({ line }: { line: LogLine }) => (
  <li className={classes.line}>
    <time dateTime={line.at} title={line.at} className={`${classes.quiet} number`}>
      {timeFormat.format(new Date(line.at))}
    </time>
    <StatusBadge status={line.level} tone={tones[line.level]} />
    <span className={classes.quiet}>{words(line.phase)}</span>
    <span className={classes.quiet}>{words(line.category)}</span>
    <span className={classes.message}>
      {line.branch !== null && <span className={`${classes.quiet} number`}>{line.branch} </span>}
      {line.message}
      {Object.keys(line.details).length > 0 && (
        <details>
          <summary>Details</summary>
          <pre>{JSON.stringify(line.details, null, 2)}</pre>
        </details>
      )}
    </span>
  </li>
)
