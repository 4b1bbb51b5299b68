import { apiBase } from '@opsconductor/contract'

/** An older path is a table's line: what it looked like, and the path of today. */
type OlderPath = { pattern: RegExp; path: string; query?: string; needsJson?: boolean; isProbe?: boolean }

const older: readonly OlderPath[] = [
  { pattern: /^\/api\/(login|refresh|verify|revoke-all)$/, path: '/auth/$1' },
  { pattern: /^\/auth\/(login|refresh|logout)$/, path: '/auth/$1' },
  { pattern: /^(?:(?:\/api\/v1)?\/executor|\/worker)\/status$/, path: '/executors' },
  // no target or job can be called so: their names are not what stands in a path
  { pattern: /^(?:\/api(?:\/v1)?)?\/(?:users|credentials|targets|jobs)\/health$/, path: '/health', isProbe: true },
  { pattern: /^(?:\/api(?:\/v1)?)?\/targets\/([^/]+)\/test-winrm$/, path: '/targets/$1/test', query: 'type=winrm' },
  { pattern: /^\/api\/(users|targets)(\/.*)?$/, path: '/$1$2' },
  { pattern: /^(?:\/api\/v1)?\/jobs\/([^/]+)\/(?:run|execute)$/, path: '/jobs/$1/executions' },
  { pattern: /^(?:\/api\/v1)?\/runs$/, path: '/executions' },
  { pattern: /^(?:\/api\/v1)?\/runs\/([^/]+)$/, path: '/executions/$1' },
  { pattern: /^(?:\/api\/v1)?\/runs\/([^/]+)\/steps$/, path: '/executions/$1/steps' },
  // a browser asking for a page of this name gets the web UI
  { pattern: /^\/(users|credentials|targets|jobs|executions)(\/.*)?$/, path: '/$1$2', needsJson: true },
]

/** The path of today for an older one; null for everything else. */
export const currentPath = (url: string, accept: string | undefined): string | null => {
  const queryFrom = url.includes('?') ? url.indexOf('?') : url.length
  const [path, query] = [url.slice(0, queryFrom), url.slice(queryFrom)]
  for (const { pattern, path: current, query: own, needsJson, isProbe } of older) {
    if (!pattern.test(path)) continue
    if (needsJson && !accept?.includes('application/json')) continue
    const added = own === undefined ? query : `${query === '' ? '?' : `${query}&`}${own}`
    return `${isProbe ? '' : apiBase}${path.replace(pattern, current)}${added}`
  }
  return null
}
