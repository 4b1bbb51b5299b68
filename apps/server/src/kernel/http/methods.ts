import { apiBase, type Route } from '@opsconductor/contract'

/** Which methods a path of the API takes; none where there is no such path. */
export const createMethods = (routes: readonly Route[]) => {
  const known = routes.map(({ method, path }) => ({
    method,
    pattern: new RegExp(`^${apiBase}${path.replaceAll('.', String.raw`\.`).replaceAll(/:\w+/g, '[^/]+')}$`),
  }))
  return (path: string): string[] => [
    ...new Set(known.flatMap(({ method, pattern }) => (pattern.test(path) ? [method] : []))),
  ]
}
