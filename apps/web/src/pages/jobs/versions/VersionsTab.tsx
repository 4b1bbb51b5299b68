import { Button, Group, Select, Stack, Text } from '@mantine/core'
import { api, type JobDetail, type JobVersion } from '@opsconductor/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { call } from '../../../session/index.ts'
import { ErrorView } from '../../../ui/ErrorView.tsx'
import { PagePending } from '../../../ui/PagePending.tsx'
import { useSearchChange } from '../../../ui/search-change.ts'
import { Section } from '../../../ui/Section.tsx'
import { TimeText } from '../../../ui/TimeText.tsx'
import classes from './VersionsTab.module.css'
import { diffLines, withContext } from './line-diff.ts'
import { outlineOf } from './outline.ts'

/** All versions, and what changed between two of them: the last two at first. */
export const VersionsTab = ({ job }: { job: JobDetail }) => {
  const pages = useInfiniteQuery({
    queryKey: ['jobs', 'versions', job.uuid, job.version],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      call(api.jobs.versions, { params: { ref: job.uuid }, query: { cursor: pageParam } }, { signal }),
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
  })
  if (pages.error) return <ErrorView error={pages.error} onRetry={() => void pages.refetch()} />
  if (pages.data === undefined) return <PagePending />
  const versions = pages.data.pages.flatMap(({ items }) => items)
  return (
    <Stack gap="md">
      <Compare versions={versions} />
      <Section title="Versions" description="A saved version never changes." isFlush>
        <ol className={classes.versions}>
          {versions.map(({ version, createdBy, createdAt }) => (
            <li key={version}>
              <b className="number">{version}</b>
              <span>{createdBy}</span>
              <TimeText at={createdAt} />
            </li>
          ))}
        </ol>
      </Section>
      {pages.hasNextPage && (
        <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
          Older versions
        </Button>
      )}
    </Stack>
  )
}

const Compare = ({ versions }: { versions: readonly JobVersion[] }) => {
  const search = useSearch({ from: '/app/jobs/$ref' })
  const change = useSearchChange()
  const to = versions.find(({ version }) => version === search.to) ?? versions[0]
  const from = versions.find(({ version }) => version === search.from) ?? versions[1]
  if (to === undefined || from === undefined) {
    return (
      <Text size="sm" c="dimmed">
        There is one version so far. Each change of the job makes another, and here they can be compared.
      </Text>
    )
  }
  const lines = diffLines(outlineOf(from.document), outlineOf(to.document))
  const isSame = lines.every(({ kind }) => kind === 'same')
  const choices = versions.map(({ version }) => ({ value: String(version), label: `Version ${version}` }))
  const choose = (name: 'from' | 'to', label: string, version: number) => (
    <Select
      w={150}
      label={label}
      data={choices}
      value={String(version)}
      allowDeselect={false}
      onChange={(next) => change({ values: { [name]: next ?? undefined } })}
    />
  )
  return (
    <Section title="What changed">
      <Group mb="md" align="flex-end">
        {choose('from', 'From', from.version)}
        {choose('to', 'To', to.version)}
      </Group>
      {isSame ? (
        <Text size="sm" c="dimmed">
          Nothing: both are the same.
        </Text>
      ) : (
        <div className={classes.diff}>
          {withContext(lines).map((line, index) => (
            // lines of a diff have no identity but their place
            <DiffRow key={index} kind={line?.kind ?? 'gap'} text={line?.text ?? '…'} />
          ))}
        </div>
      )}
    </Section>
  )
}

const marks = { same: ' ', removed: '−', added: '+', gap: ' ' } as const
const saids = { same: '', removed: 'removed: ', added: 'added: ', gap: '' } as const

const DiffRow = ({ kind, text }: { kind: keyof typeof marks; text: string }) => (
  <div className={classes.line} data-kind={kind}>
    <span aria-hidden>{marks[kind]}</span>
    <span className={classes.said}>{saids[kind]}</span>
    {text}
  </div>
)
