/**
 * Measures speed beside what people would use instead.
 *
 *     npm run bench -- dispatch
 */
import { measureDispatch } from './dispatch.ts'
import { measureCopy, measureSsh } from './ssh.ts'

const measurements: Record<string, () => Promise<void>> = {
  dispatch: measureDispatch,
  ssh: measureSsh,
  copy: measureCopy,
}

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in measurements))
if (unknown.length > 0) {
  console.error(`There is no measurement ${unknown.join(', ')}. There is: ${Object.keys(measurements).join(', ')}`)
  process.exitCode = 2
} else {
  for (const name of wanted.length > 0 ? wanted : Object.keys(measurements)) await measurements[name]?.()
}
