const steps = [
  { unit: 'second', seconds: 1, until: 60 },
  { unit: 'minute', seconds: 60, until: 3_600 },
  { unit: 'hour', seconds: 3_600, until: 86_400 },
  { unit: 'day', seconds: 86_400, until: 86_400 * 7 },
] as const

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })

/** "3 minutes ago" for a week, then the date. */
export const relativeTime = (at: string, nowMs: number, timeZone: string) => {
  const seconds = (Date.parse(at) - nowMs) / 1000
  const size = Math.abs(seconds)
  // clocks of server and browser differ a little, and "in 2 seconds" for what has happened would only confuse
  if (size < 8) return 'just now'
  const step = steps.find(({ until }) => size < until)
  if (step === undefined)
    return new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeZone }).format(new Date(at))
  return relative.format(Math.round(seconds / step.seconds), step.unit)
}

/** "21 Nov 2026, 05:08:03 CET" */
export const absoluteTime = (at: string, timeZone: string) =>
  new Intl.DateTimeFormat('en-GB', {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
    timeZone,
  }).format(new Date(at))

/** "< 1 ms", "85 ms", "4.2 s", "3 min 20 s", "2 h 05 min" */
export const duration = (ms: number) => {
  if (ms < 1) return '< 1 ms'
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
  return `${Math.floor(seconds / 3_600)} h ${String(Math.floor((seconds % 3_600) / 60)).padStart(2, '0')} min`
}
