import { useSyncExternalStore } from 'react'
import { useSession } from '../session/index.ts'
import { absoluteTime, relativeTime } from './time.ts'

type Props = {
  /** RFC 3339; null for what has not happened. */
  at: string | null
  /** Said instead of a time that is not there. */
  never?: string
  /** Date and time instead of "3 minutes ago". */
  isAbsolute?: boolean
}

/** A moment: how long ago, with the full time in the person's own zone on hover. */
export const TimeText = ({ at, never = '–', isAbsolute = false }: Props) => {
  const zone = useTimeZone()
  const now = useNowMs()
  if (at === null) return <>{never}</>
  const absolute = absoluteTime(at, zone)
  return (
    <time dateTime={at} title={absolute} className="number">
      {isAbsolute ? absolute : relativeTime(at, now, zone)}
    </time>
  )
}

const browserZone = new Intl.DateTimeFormat().resolvedOptions().timeZone

/** The zone of the person's profile, else that of the browser. */
export const useTimeZone = () => {
  const state = useSession()
  return (state.status === 'in' ? state.me.timeZone : null) ?? browserZone
}

const tickMs = 10_000
const watchers = new Set<() => void>()
let ticking: ReturnType<typeof setInterval> | undefined
let now = Date.now()

const watch = (watcher: () => void) => {
  watchers.add(watcher)
  now = Date.now()
  ticking ??= setInterval(() => {
    now = Date.now()
    for (const each of watchers) each()
  }, tickMs)
  return () => {
    watchers.delete(watcher)
    if (watchers.size > 0) return
    clearInterval(ticking)
    ticking = undefined
  }
}

/** One clock for all times of a page, so that a list of two hundred does not start two hundred timers. */
export const useNowMs = () => useSyncExternalStore(watch, () => now)
