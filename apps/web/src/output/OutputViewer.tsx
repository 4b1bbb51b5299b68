import { Button, Group, Text } from '@mantine/core'
import { useDebouncedValue, useFullscreenElement, useLocalStorage } from '@mantine/hooks'
import type { OutputMatch, OutputMatches } from '@opsconductor/contract'
import { useInfiniteQuery } from '@tanstack/react-query'
import { IconArrowBarToDown } from '@tabler/icons-react'
import { useCallback, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react'
import { ErrorView } from '../ui/ErrorView.tsx'
import type { Feed } from './feed.ts'
import { nextMatch } from './matches.ts'
import { OutputLines, type OutputLinesHandle } from './OutputLines.tsx'
import { OutputSearch } from './OutputSearch.tsx'
import { OutputToolbar } from './OutputToolbar.tsx'
import classes from './OutputViewer.module.css'

type Props = {
  feed: Feed
  /** Whose output it is: read by screen readers. */
  label: string
  /** The line that the address names (`#L123`). */
  line: number | undefined
  onLine: (line: number) => void
  /** Looks on behind a cursor where the answer before was cut. */
  search: (q: string, cursor: string | undefined, signal: AbortSignal) => Promise<OutputMatches>
  /** Saves the raw output as a file. */
  download: () => Promise<void>
}

const noMatches: OutputMatch[] = []

/** The output of one branch. Give it a `key` by branch, so that nothing is carried over from one to another. */
export const OutputViewer = ({ feed, label, line, onLine, search, download }: Props) => {
  const { version, startSeq, error } = useSyncExternalStore(feed.subscribe, feed.read)
  const isStarted = startSeq !== undefined
  const { total, isComplete } = feed.lines
  const [isFollowing, setFollowing] = useState(line === undefined)
  const [isWrapped, setWrapped] = useLocalStorage({ key: 'opsconductor.output.wrap', defaultValue: false })
  const [withTime, setWithTime] = useLocalStorage({ key: 'opsconductor.output.time', defaultValue: false })
  const { ref: fullScreenRef, toggle: toggleFullScreen, fullscreen: isFullScreen } = useFullscreenElement()
  const root = useRef<HTMLDivElement>(null)
  const view = useRef<OutputLinesHandle>(null)
  const searchInput = useRef<HTMLInputElement>(null)
  const [wanted, setWanted] = useState('')
  const [asked] = useDebouncedValue(wanted.trim() === '' ? '' : wanted, 250)
  const [stepped, setStepped] = useState<{ asked: string; line: number }>()

  const found = useInfiniteQuery({
    queryKey: ['output search', label, asked],
    queryFn: ({ signal, pageParam }) => search(asked, pageParam, signal),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor ?? undefined,
    enabled: asked !== '',
    // what comes in while one looks is found too
    refetchInterval: ({ state }) => (isComplete || (state.data?.pages.length ?? 0) > 1 ? false : 5000),
  })
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = found
  const matches = useMemo(() => found.data?.pages.flatMap(({ items }) => items) ?? noMatches, [found.data])
  const match = stepped?.asked === asked ? stepped.line : matches[0]?.line
  const step = async (direction: 'next' | 'previous') => {
    if (direction === 'next' && hasNextPage && match === matches.at(-1)?.line) {
      const { data } = await fetchNextPage()
      const more = data?.pages.at(-1)?.items[0]
      if (more) {
        setStepped({ asked, line: more.line })
        view.current?.show(more.line)
      }
      return
    }
    const next = matches[nextMatch(matches, match ?? 0, direction)]
    if (!next) return
    setStepped({ asked, line: next.line })
    view.current?.show(next.line)
  }
  const firstMatch = matches[0]?.line
  // a long output is searched for two seconds at a time: on, until there is something to show
  useEffect(() => {
    if (firstMatch === undefined && hasNextPage && !isFetchingNextPage) void fetchNextPage()
  }, [firstMatch, hasNextPage, isFetchingNextPage, fetchNextPage])
  // only a new search jumps, not what a running one adds at the end
  useEffect(() => {
    if (firstMatch !== undefined) view.current?.show(firstMatch)
  }, [firstMatch])
  useFindKey(root, searchInput)

  const setRoot = useCallback(
    (element: HTMLDivElement | null) => {
      root.current = element
      fullScreenRef(element)
    },
    [fullScreenRef],
  )
  return (
    <section ref={setRoot} className={classes.viewer} aria-label={label} data-full-screen={isFullScreen || undefined}>
      <div className={classes.bar}>
        <OutputSearch
          input={searchInput}
          wanted={wanted}
          onWant={setWanted}
          matches={matches}
          isCut={hasNextPage}
          isSearching={wanted !== '' && (found.isLoading || isFetchingNextPage || wanted !== asked)}
          hasFailed={found.isError}
          current={match}
          onStep={(direction) => void step(direction)}
        />
        <Text size="xs" c="dimmed" className={`${classes.count} number`}>
          {isStarted ? `${total.toLocaleString('en')} ${total === 1 ? 'line' : 'lines'}` : 'loading…'}
          {isStarted && !isComplete && ' so far'}
        </Text>
        <OutputToolbar
          isFollowing={isFollowing}
          setFollowing={isComplete ? undefined : setFollowing}
          isWrapped={isWrapped}
          setWrapped={setWrapped}
          withTime={withTime}
          setWithTime={setWithTime}
          isFullScreen={isFullScreen}
          toggleFullScreen={() => void toggleFullScreen()}
          download={download}
        />
      </div>
      {error !== undefined && <ErrorView error={error} onRetry={feed.retry} />}
      {isStarted && total === 0 && (
        <Text className={classes.nothing} size="sm" c="dimmed">
          {isComplete ? 'This branch has no output.' : 'No output yet. It appears here as it comes.'}
        </Text>
      )}
      <OutputLines
        ref={view}
        feed={feed}
        version={version}
        label={label}
        isWrapped={isWrapped}
        withTime={withTime}
        isFollowing={isFollowing}
        setFollowing={setFollowing}
        chosen={line}
        onChoose={onLine}
        wanted={asked}
      />
      {!isFollowing && total > 0 && (
        <Group className={classes.toEnd}>
          <Button
            size="xs"
            leftSection={<IconArrowBarToDown size={16} aria-hidden />}
            onClick={() => setFollowing(true)}
          >
            {isComplete ? 'To the end' : 'Follow the end'}
          </Button>
        </Group>
      )}
    </section>
  )
}

/** Ctrl-F looks through the whole output; pressed a second time it is the browser's own, through what is drawn. */
const useFindKey = (root: React.RefObject<HTMLElement | null>, input: React.RefObject<HTMLInputElement | null>) => {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'f' || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return
      const at = document.activeElement
      if (at === input.current) return
      const isElsewhere = at instanceof HTMLElement && at !== document.body && at.tagName !== 'H1'
      if (isElsewhere && !root.current?.contains(at)) return
      event.preventDefault()
      input.current?.focus()
      input.current?.select()
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [root, input])
}
