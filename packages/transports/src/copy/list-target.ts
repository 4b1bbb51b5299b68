import type { Shell } from '../shell.ts'
import { askTarget } from './ask-target.ts'
import type { Entry, Symlinks } from './entries.ts'
import { failedAt } from './result.ts'
import type { TargetTools } from './target-tools.ts'
import { assign, shown, type Name } from './words.ts'

// Three fields for each, NUL after each: kind, mode and size; path; where it leads. GNU find does it at once.
const withFind = String.raw`find $oc_how "$oc_what" $oc_prune -printf '%y %m %s\0%P\0%l\0'`

// POSIX find knows no names with NUL behind them, but printf(1) does. From ls only the first and the fifth field are
// taken, which stand before the name.
const withLs = String.raw`find $oc_how "$oc_what" $oc_prune -exec sh -c '
for f do
if [ -h "$f" ] && [ "$0" != -L ]; then k=l; elif [ -d "$f" ]; then k=d; elif [ -f "$f" ]; then k=f; else k=o; fi
o=-ldn; [ "$0" = -L ] && o=-ldnL
set -f; w=$(ls $o "$f"); m=$(echo "$w" | awk "NR == 1 { print \$1, \$5 }"); set +f
l=; if [ $k = l ]; then l=$(readlink "$f" 2>/dev/null) || l=$\{w#*" $f -> "\}; fi
p=$\{f#.\}; p=$\{p#/\}
printf "%s %s\0%s\0%s\0" $k "$m" "$p" "$l"
done' "$oc_how" {} +`
  .replaceAll(String.raw`$\{`, '${')
  .replaceAll(String.raw`\}`, '}')

/** A file of the target, or everything below a folder of it, folders before what is in them. */
export const listTarget = async (
  shell: Shell,
  from: Name,
  tools: TargetTools,
  symlinks: Symlinks,
  signal: AbortSignal,
): Promise<Entry[]> => {
  const isFile = tools.at === 'file'
  const how = symlinks === 'follow' || isFile ? '-L' : '-P'
  const script = `${assign('oc_from', from)}
${isFile ? 'oc_what=$oc_from oc_prune=-prune' : 'oc_what=. oc_prune=\ncd "$oc_from" || exit 2'}
oc_how=${how}
${tools.hasFind ? withFind : withLs}`
  const { stdout } = await askTarget(shell, { script, path: shown(from), signal })
  const entries: Entry[] = []
  for (let at = 0; at < stdout.length;) {
    const fields: Buffer[] = []
    for (let field = 0; field < 3; field++) {
      const end = stdout.indexOf(0, at)
      if (end < 0) throw failedAt(shown(from), 'The target could not list the folder.')
      fields.push(stdout.subarray(at, end))
      at = end + 1
    }
    const [meta, path, leadsTo] = fields
    if (meta !== undefined && path !== undefined && leadsTo !== undefined)
      entries.push(readEntry(meta.toString(), isFile ? Buffer.alloc(0) : path, leadsTo, from, how === '-L'))
  }
  return entries
}

const readEntry = (meta: string, path: Name, leadsTo: Name, from: Name, isFollowing: boolean): Entry => {
  const [kind, mode = '', size = ''] = meta.split(' ')
  // what another machine says of itself is not believed: a name that leads out of the folder would be written anywhere
  const steps = path.toString('latin1').split('/')
  if (path[0] === 0x2f || steps.includes('..'))
    throw failedAt(shown(from), `The target lists a name that leads out of the folder: ${shown(path)}`)
  switch (kind ?? '') {
    case 'd':
      return { kind: 'folder', path, mode: permissions(mode) }
    case 'f':
      return { kind: 'file', path, mode: permissions(mode), sizeBytes: Number(size) }
    case 'l':
      return isFollowing ? { kind: 'other', path } : { kind: 'link', path, leadsTo } // one that leads nowhere
    default:
      return { kind: 'other', path }
  }
}

/** From `644` as find has it, or `-rw-r--r--` as ls has it; without set-user-ID and the like. */
const permissions = (mode: string): number => {
  if (/^\d+$/.test(mode)) return Number.parseInt(mode, 8) & 0o777
  let bits = 0
  for (const letter of mode.slice(1, 10)) bits = bits * 2 + (/[-ST]/.test(letter) ? 0 : 1)
  return bits
}
