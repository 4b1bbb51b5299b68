import { quoted } from '../posix/bootstrap.ts'
import type { Shell } from '../shell.ts'
import { askTarget } from './ask-target.ts'
import type { Entry } from './entries.ts'
import { ownText } from './send-file.ts'
import { assign, assignText, below, shown, type Name } from './words.ts'

type Finishing = { signal: AbortSignal; owner: string | undefined }

type Folder = Extract<Entry, { kind: 'folder' }>
type Link = Extract<Entry, { kind: 'link' }>

// a script is at most about so long
const MOST_AT_A_TIME = 500

const inPortions = async <T>(items: readonly T[], work: (portion: readonly T[]) => Promise<void>): Promise<void> => {
  for (let at = 0; at < items.length; at += MOST_AT_A_TIME) await work(items.slice(at, at + MOST_AT_A_TIME))
}

/** Makes the folders that are not there, for us alone so far. Returns those it made. */
export const makeFolders = async (
  shell: Shell,
  to: Name,
  folders: readonly Folder[],
  signal: AbortSignal,
): Promise<Folder[]> => {
  const made: Folder[] = []
  await inPortions(folders, async (portion) => {
    const lines = portion.map(({ path }, index) => `${assign('oc_to', below(to, path))}\noc_make ${index}`)
    const script = `umask 077
oc_make() { [ -d "$oc_to" ] && return; mkdir -p "$oc_to" || exit 2; echo "$1"; }
${lines.join('\n')}`
    const { stdout } = await askTarget(shell, { script, path: shown(to), signal })
    const numbers = new Set(stdout.toString().split('\n').filter(Boolean).map(Number))
    made.push(...portion.filter((_folder, index) => numbers.has(index)))
  })
  return made
}

/** Gives folders their permissions; last of all, because one without the right to write takes no files. */
export const setModes = (
  shell: Shell,
  to: Name,
  folders: readonly Folder[],
  { signal, owner }: Finishing,
): Promise<void> =>
  inPortions(folders.toReversed(), async (portion) => {
    const lines = portion.map(
      ({ path, mode }) =>
        `${assign('oc_to', below(to, path))}\n${ownText(owner, '"$oc_to"')}chmod ${mode.toString(8).padStart(4, '0')} "$oc_to" || exit 2`,
    )
    await askTarget(shell, { script: lines.join('\n'), path: shown(to), signal })
  })

/** Makes links, in place of others of that name, never in place of anything else. */
export const makeLinks = (
  shell: Shell,
  to: Name,
  links: readonly Link[],
  { signal, owner }: Finishing,
): Promise<void> =>
  inPortions(links, async (portion) => {
    const lines = portion.map(
      ({ path, leadsTo }) => `${assign('oc_to', below(to, path))}\n${assignText('oc_text', leadsTo)}\noc_link`,
    )
    const script = `oc_link() {
[ -h "$oc_to" ] && { rm -f "$oc_to" || exit 2; }
if [ -e "$oc_to" ]; then echo "There is something else of the name $oc_to." >&2; exit 3; fi
ln -s -- "$oc_text" "$oc_to" || exit 4
${owner === undefined ? '' : `chown -h ${quoted(owner)} "$oc_to" || exit 10`}
}
${lines.join('\n')}`
    await askTarget(shell, { script, path: shown(to), signal })
  })
