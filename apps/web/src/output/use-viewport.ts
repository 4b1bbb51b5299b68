import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import {
  type Anchor,
  anchorAt,
  anchorShowing,
  clampAnchor,
  endAnchor,
  type Geometry,
  isSameAnchor,
  moveBy,
  rowHeight,
  rowsAt,
  scrollTopOf,
  spacerHeight,
  spacerMax,
  startAnchor,
} from './viewport.ts'

const overscan = 12
/** After so long without a scroll event the scroll bar is put where it belongs in proportion. */
const settleMs = 150

type Options = {
  scroller: RefObject<HTMLDivElement | null>
  total: number
  isWrapped: boolean
  isFollowing: boolean
  setFollowing: (isFollowing: boolean) => void
  /** Height in px of a wrapped line that was not drawn yet. */
  estimate: (line: number, width: number) => number
}

/**
 * Which lines are drawn, and where. The rows lie in a layer that sticks to the viewport, and a tall empty element only
 * gives the scroll bar: small movements go by real row heights, jumps of the bar in proportion to the lines. So any
 * number of lines can be scrolled, wrapped or not.
 */
export const useViewport = ({ scroller, total, isWrapped, isFollowing, setFollowing, estimate }: Options) => {
  const [size, setSize] = useState({ width: 800, height: 480 })
  const [chosen, setChosen] = useState<Anchor>(startAnchor)
  const [, setMeasures] = useState(0)
  const measured = useRef(new Map<number, number>())
  /** Scroll position that was seen or set last; a scroll event that brings the same says nothing. */
  const bar = useRef({ top: 0, spacer: 0 })
  const mustPlace = useRef(false)

  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const observer = new ResizeObserver(() => {
      measured.current.clear()
      setSize({ width: element.clientWidth, height: element.clientHeight })
    })
    observer.observe(element)
    return () => observer.disconnect()
  }, [scroller])
  useLayoutEffect(() => {
    measured.current.clear()
    mustPlace.current = true
    setMeasures((count) => count + 1)
  }, [isWrapped])

  const geometry: Geometry = {
    total,
    height: size.height,
    heightOf: (line) => (isWrapped ? (measured.current.get(line) ?? estimate(line, size.width)) : rowHeight),
  }
  const anchor = isFollowing ? endAnchor(geometry) : clampAnchor(chosen, geometry)
  const spacer = spacerHeight(geometry)
  const rows = rowsAt(anchor, geometry, overscan)
  /** One px of the bar is one px of the rows. */
  const isExact = !isWrapped && total * rowHeight <= spacerMax
  const now = useRef({ geometry, anchor, spacer, isExact })
  now.current = { geometry, anchor, spacer, isExact }

  const placeBar = useCallback(() => {
    const element = scroller.current
    if (!element) return
    const { anchor, geometry, spacer } = now.current
    const top = Math.round(scrollTopOf(anchor, geometry))
    if (Math.abs(element.scrollTop - top) >= 1) element.scrollTop = top
    bar.current = { top: element.scrollTop, spacer }
  }, [scroller])

  const go = useCallback((next: Anchor) => {
    mustPlace.current = true
    setChosen(next)
  }, [])

  // after every drawing: rows have their heights then
  useLayoutEffect(() => {
    if (isWrapped) {
      let isChanged = false
      for (const row of scroller.current?.querySelectorAll<HTMLElement>('[data-line]') ?? []) {
        const line = Number(row.dataset['line'])
        if (Math.abs(geometry.heightOf(line) - row.offsetHeight) < 1) continue
        measured.current.set(line, row.offsetHeight)
        isChanged = true
      }
      if (isChanged) setMeasures((count) => count + 1)
    }
    if (mustPlace.current || isFollowing) placeBar()
    mustPlace.current = false
  })

  const settling = useRef<ReturnType<typeof setTimeout>>(undefined)
  useEffect(() => () => clearTimeout(settling.current), [])

  const onScroll = () => {
    const element = scroller.current
    if (!element) return
    const { geometry, anchor, spacer, isExact } = now.current
    const top = element.scrollTop
    const delta = top - bar.current.top
    const isOurs = Math.abs(delta) < 1 || bar.current.spacer !== spacer
    bar.current = { top, spacer }
    if (isOurs) return
    const isJump = isExact || Math.abs(delta) > 3 * geometry.height
    const next = isJump ? anchorAt(top, geometry) : moveBy(anchor, delta, geometry)
    const isAtEnd = isSameAnchor(next, endAnchor(geometry))
    setFollowing(isAtEnd && delta > 0)
    setChosen(next)
    if (isExact) return
    clearTimeout(settling.current)
    const isStuck = (top <= 0 && !isSameAnchor(next, startAnchor)) || (top >= spacer - geometry.height - 1 && !isAtEnd)
    if (isStuck) mustPlace.current = true
    else settling.current = setTimeout(placeBar, settleMs)
  }

  return {
    rows,
    spacer,
    height: size.height,
    onScroll,
    /** Moves by px, down where positive. */
    move: (px: number) => {
      const { anchor, geometry } = now.current
      const next = moveBy(anchor, px, geometry)
      setFollowing(px > 0 && isSameAnchor(next, endAnchor(geometry)))
      go(next)
    },
    toStart: () => {
      setFollowing(false)
      go(startAnchor)
    },
    /** Brings a line into view, unless it is there already. */
    show: useCallback(
      (line: number) => {
        const { anchor, geometry } = now.current
        const { first, last } = rowsAt(anchor, geometry, 0)
        setFollowing(false)
        go(line > first && line < last ? anchor : anchorShowing(line, geometry))
      },
      [go, setFollowing],
    ),
  }
}
