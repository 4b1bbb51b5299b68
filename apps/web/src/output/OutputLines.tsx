import {
  type CSSProperties,
  type KeyboardEvent,
  type Ref,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import type { Feed } from './feed.ts'
import classes from './OutputLines.module.css'
import { OutputRow } from './OutputRow.tsx'
import { clipLength } from './printable.ts'
import { createScroll } from './scroll.ts'
import { rowHeight } from './viewport.ts'

export type OutputLinesHandle = { show: (line: number) => void }

type Props = {
  ref: Ref<OutputLinesHandle>
  feed: Feed
  label: string
  /** Changes with every change of the feed. */
  version: number
  isWrapped: boolean
  withTime: boolean
  isFollowing: boolean
  setFollowing: (isFollowing: boolean) => void
  /** The line that the address names. */
  chosen: number | undefined
  onChoose: (line: number) => void
  wanted: string
}

/** Width in px of a character at the size of `OutputLines.module.css`; only to guess heights before drawing. */
const characterPx = 7.5

export const OutputLines = (props: Props) => {
  const { ref, feed, label, isWrapped, withTime, isFollowing, setFollowing, chosen, onChoose, wanted } = props
  const { lines } = feed
  const { total } = lines
  const scroller = useRef<HTMLDivElement>(null)
  const [whole, setWhole] = useState<ReadonlySet<number>>(new Set())
  const digits = Math.max(3, String(total).length)

  const [scroll] = useState(createScroll)
  const { first, last, top, spacer, height } = useSyncExternalStore(scroll.subscribe, scroll.read)
  useLayoutEffect(() => (scroller.current ? scroll.attach(scroller.current) : undefined), [scroll])
  useLayoutEffect(
    () =>
      scroll.give({
        total,
        isWrapped,
        isFollowing,
        setFollowing,
        estimate: (line, width) => {
          const columns = Math.max(10, (width - 80 - digits * characterPx - (withTime ? 105 : 0)) / characterPx)
          const length = Math.min(lines.line(line)?.text.length ?? 0, clipLength)
          return Math.max(1, Math.ceil(length / columns)) * rowHeight
        },
      }),
    [scroll, lines, total, isWrapped, isFollowing, setFollowing, digits, withTime],
  )
  // after every drawing: what is loaded meanwhile changes the heights of wrapped rows
  useLayoutEffect(() => scroll.drawn())
  useImperativeHandle(ref, () => ({ show: scroll.show }), [scroll])
  useEffect(() => feed.look(first, last), [feed, first, last])

  // an address with a line beats following; it waits until the output is known to be that long
  const isKnown = chosen !== undefined && total >= chosen
  useEffect(() => {
    if (isKnown) scroll.show(chosen)
  }, [chosen, isKnown, scroll])

  const onShowAll = useCallback((line: number) => setWhole((shown) => new Set(shown).add(line)), [])

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget || event.altKey || event.metaKey) return
    const move = moves[event.key]
    if (move === undefined || (event.ctrlKey && event.key !== 'Home' && event.key !== 'End')) return
    event.preventDefault()
    if (move === 'start') scroll.toStart()
    else if (move === 'end') scroll.toEnd()
    else if (move.screens === 0) scroll.move(move.rows * rowHeight)
    else scroll.moveScreens(move.screens)
  }

  // what scrolls must be reachable and movable by keyboard (WCAG 2.2, 2.1.1)
  const keyboard = { tabIndex: 0, onKeyDown }
  const rows = []
  for (let number = first; number <= last && number <= total; number += 1) {
    const line = lines.line(number)
    rows.push(
      <OutputRow
        key={number}
        number={number}
        line={line}
        isChosen={number === chosen}
        isFirstOfStep={line !== undefined && lines.line(number - 1)?.step !== line.step}
        isWhole={whole.has(number)}
        withTime={withTime}
        wanted={wanted}
        onChoose={onChoose}
        onShowAll={onShowAll}
      />,
    )
  }

  return (
    <div
      ref={scroller}
      className={classes.scroller}
      role="log"
      aria-label={label}
      aria-live={isFollowing && !lines.isComplete ? 'polite' : 'off'}
      data-wrapped={isWrapped || undefined}
      style={{ '--digits': digits } as CSSProperties}
      {...keyboard}
    >
      <div className={classes.spacer} style={{ height: spacer }}>
        <div className={classes.layer} style={{ height }}>
          <div style={{ transform: `translateY(${top}px)` }}>{rows}</div>
        </div>
      </div>
    </div>
  )
}

const moves: Record<string, 'start' | 'end' | { rows: number; screens: number }> = {
  ArrowUp: { rows: -1, screens: 0 },
  ArrowDown: { rows: 1, screens: 0 },
  PageUp: { rows: 0, screens: -1 },
  PageDown: { rows: 0, screens: 1 },
  ' ': { rows: 0, screens: 1 },
  Home: 'start',
  End: 'end',
}
