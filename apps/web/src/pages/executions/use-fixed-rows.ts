import { type RefObject, useEffect, useLayoutEffect, useRef, useState } from 'react'

const overscan = 8

/** Which rows of one height are in view of a scrolling element, for lists of some thousands. `reveal` is scrolled to. */
export const useFixedRows = (
  scroller: RefObject<HTMLElement | null>,
  count: number,
  rowPx: number,
  reveal: { index: number; key: string | undefined },
) => {
  const [view, setView] = useState({ top: 0, height: 600 })
  useLayoutEffect(() => {
    const element = scroller.current
    if (!element) return undefined
    const look = () => setView({ top: element.scrollTop, height: element.clientHeight })
    const observer = new ResizeObserver(look)
    observer.observe(element)
    element.addEventListener('scroll', look, { passive: true })
    return () => {
      observer.disconnect()
      element.removeEventListener('scroll', look)
    }
  }, [scroller])

  const first = Math.max(0, Math.min(Math.floor(view.top / rowPx) - overscan, count - 1))
  const last = Math.min(count - 1, Math.ceil((view.top + view.height) / rowPx) + overscan)

  // only when another one is to be seen: a row that changes its place does not pull the list along
  const seen = useRef<string>(undefined)
  useEffect(() => {
    const element = scroller.current
    if (!element || reveal.index < 0 || seen.current === reveal.key) return
    seen.current = reveal.key
    const start = reveal.index * rowPx
    const end = start + rowPx - element.clientHeight
    if (start < element.scrollTop) element.scrollTo({ top: start })
    else if (end > element.scrollTop) element.scrollTo({ top: end })
  }, [scroller, reveal.index, reveal.key, rowPx])
  return { first, last }
}
