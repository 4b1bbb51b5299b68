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

/** What is to be drawn: the rows, where they begin, and how tall viewport and spacer are, in px. */
export type ScrollState = { first: number; last: number; top: number; spacer: number; height: number }

/** What the scrolling depends on. */
export type ScrollGiven = {
  total: number
  isWrapped: boolean
  isFollowing: boolean
  setFollowing: (isFollowing: boolean) => void
  /** Height in px of a wrapped line that was not drawn yet. */
  estimate: (line: number, width: number) => number
}

const nothingGiven: ScrollGiven = {
  total: 0,
  isWrapped: false,
  isFollowing: true,
  setFollowing: () => undefined,
  estimate: () => rowHeight,
}

/**
 * Which lines are drawn, and where. The rows lie in a layer that sticks to the viewport, and a tall empty element only
 * gives the scroll bar: small movements go by real row heights, jumps of the bar in proportion to the lines. So any
 * number of lines can be scrolled, wrapped or not.
 */
export const createScroll = () => {
  let element: HTMLElement | undefined
  let given = nothingGiven
  let size = { width: 800, height: 480 }
  let chosen: Anchor = startAnchor
  let state: ScrollState = { first: 1, last: 0, top: 0, spacer: size.height, height: size.height }
  /** Scroll position that was seen or set last; a scroll event that brings the same says nothing. */
  let bar = { top: 0, spacer: 0 }
  let mustPlace = false
  let settling: ReturnType<typeof setTimeout> | undefined
  const measured = new Map<number, number>()
  const listeners = new Set<() => void>()

  const geometry: Geometry = {
    get total() {
      return given.total
    },
    get height() {
      return size.height
    },
    heightOf: (line) => (given.isWrapped ? (measured.get(line) ?? given.estimate(line, size.width)) : rowHeight),
  }
  const anchorNow = () => (given.isFollowing ? endAnchor(geometry) : clampAnchor(chosen, geometry))

  const refresh = () => {
    const rows = rowsAt(anchorNow(), geometry, overscan)
    const next = { ...rows, spacer: spacerHeight(geometry), height: size.height }
    const isSame = (Object.keys(next) as (keyof ScrollState)[]).every((key) => next[key] === state[key])
    if (isSame) return
    state = next
    for (const listener of listeners) listener()
  }

  const placeBar = () => {
    if (!element) return
    const top = Math.round(scrollTopOf(anchorNow(), geometry))
    if (Math.abs(element.scrollTop - top) >= 1) element.scrollTop = top
    bar = { top: element.scrollTop, spacer: state.spacer }
  }

  const follow = (isFollowing: boolean) => {
    if (given.isFollowing === isFollowing) return
    chosen = anchorNow()
    given = { ...given, isFollowing }
    given.setFollowing(isFollowing)
  }

  const go = (anchor: Anchor, isFollowing: boolean) => {
    follow(isFollowing)
    chosen = anchor
    mustPlace = true
    refresh()
    // where nothing is to be drawn anew, the bar is placed here
    placeBar()
  }

  const onScroll = () => {
    if (!element) return
    const { scrollTop: top } = element
    const delta = top - bar.top
    const isOurs = Math.abs(delta) < 1 || bar.spacer !== state.spacer
    bar = { top, spacer: state.spacer }
    if (isOurs) return
    /** One px of the bar is one px of the rows. */
    const isExact = !given.isWrapped && given.total * rowHeight <= spacerMax
    const isJump = isExact || Math.abs(delta) > 3 * size.height
    const next = isJump ? anchorAt(top, geometry) : moveBy(anchorNow(), delta, geometry)
    const isAtEnd = isSameAnchor(next, endAnchor(geometry))
    const isStuck =
      (top <= 0 && !isSameAnchor(next, startAnchor)) || (top >= state.spacer - size.height - 1 && !isAtEnd)
    follow(isAtEnd && delta > 0)
    chosen = next
    mustPlace = !isExact && isStuck
    refresh()
    clearTimeout(settling)
    if (!isExact) settling = setTimeout(placeBar, settleMs)
  }

  return {
    read: () => state,
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    attach: (to: HTMLElement) => {
      element = to
      const observer = new ResizeObserver(() => {
        measured.clear()
        size = { width: to.clientWidth, height: to.clientHeight }
        mustPlace = true
        refresh()
      })
      observer.observe(to)
      to.addEventListener('scroll', onScroll, { passive: true })
      return () => {
        observer.disconnect()
        to.removeEventListener('scroll', onScroll)
        clearTimeout(settling)
        element = undefined
      }
    },
    /** Takes in what changed around it. */
    give: (next: ScrollGiven) => {
      if (next.isWrapped !== given.isWrapped) {
        measured.clear()
        mustPlace = true
      }
      if (next.isFollowing !== given.isFollowing) mustPlace = true
      given = next
      refresh()
    },
    /** To be called after every drawing: rows have their heights then, and the spacer its own. */
    drawn: () => {
      if (!element) return
      let isChanged = false
      for (const row of given.isWrapped ? element.querySelectorAll<HTMLElement>('[data-line]') : []) {
        const line = Number(row.dataset['line'])
        if (Math.abs(geometry.heightOf(line) - row.offsetHeight) < 1) continue
        measured.set(line, row.offsetHeight)
        isChanged = true
      }
      if (mustPlace || given.isFollowing) placeBar()
      mustPlace = false
      if (isChanged) refresh()
    },
    /** Moves by px, down where positive. */
    move: (px: number) => {
      const next = moveBy(anchorNow(), px, geometry)
      go(next, px > 0 && isSameAnchor(next, endAnchor(geometry)))
    },
    moveScreens: (screens: number) => {
      const next = moveBy(anchorNow(), screens * (size.height - rowHeight), geometry)
      go(next, screens > 0 && isSameAnchor(next, endAnchor(geometry)))
    },
    toStart: () => go(startAnchor, false),
    toEnd: () => go(endAnchor(geometry), true),
    /** Brings a line into view, unless it is there already. */
    show: (line: number) => {
      const anchor = anchorNow()
      const { first, last } = rowsAt(anchor, geometry, 0)
      go(line > first && line < last ? anchor : anchorShowing(line, geometry), false)
    },
  }
}
