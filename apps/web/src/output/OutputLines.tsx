import {
  type CSSProperties,
  type KeyboardEvent,
  useCallback,
  useEffect,
  useImperativeHandle,
  useRef,
  useState,
  type Ref,
} from 'react'
import type { Feed } from './feed.ts'
import classes from './OutputLines.module.css'
import { OutputRow } from './OutputRow.tsx'
import { clipLength } from './printable.ts'
import { useViewport } from './use-viewport.ts'
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

  const view = useViewport({
    scroller,
    total,
    isWrapped,
    isFollowing,
    setFollowing,
    estimate: (line, width) => {
      const columns = Math.max(10, (width - 80 - digits * characterPx - (withTime ? 105 : 0)) / characterPx)
      const length = Math.min(lines.line(line)?.text.length ?? 0, clipLength)
      return Math.max(1, Math.ceil(length / columns)) * rowHeight
    },
  })
  const { first, last } = view.rows
  const { show } = view
  useImperativeHandle(ref, () => ({ show }), [show])
  useEffect(() => feed.look(first, last), [feed, first, last])

  // an address with a line beats following; it waits until the output is known to be that long
  const isKnown = chosen !== undefined && total >= chosen
  useEffect(() => {
    if (isKnown) show(chosen)
  }, [chosen, isKnown, show])

  const onShowAll = useCallback((line: number) => setWhole((shown) => new Set(shown).add(line)), [])

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    if (event.target !== event.currentTarget || event.altKey || event.metaKey) return
    const move = moves[event.key]
    if (move === undefined || (event.ctrlKey && event.key !== 'Home' && event.key !== 'End')) return
    event.preventDefault()
    if (move === 'start') view.toStart()
    else if (move === 'end') setFollowing(true)
    else view.move(move.rows * rowHeight + move.screens * (view.height - rowHeight))
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
      onScroll={view.onScroll}
      {...keyboard}
    >
      <div className={classes.spacer} style={{ height: view.spacer }}>
        <div className={classes.layer} style={{ height: view.height }}>
          <div style={{ transform: `translateY(${view.rows.top}px)` }}>{rows}</div>
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
