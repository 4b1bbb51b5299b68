import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { askTarget } from './ask-target.ts'
import { failedAt } from './result.ts'
import { ownText, type Sending } from './send-file.ts'
import { createSum } from './target-tools.ts'
import { assign, shown, type Name } from './words.ts'

export type SmallFile = { from: Name; name: Name; mode: number }

const list = (files: readonly SmallFile[]): string =>
  ['set --', ...files.map(({ name }) => `${assign('oc_to', name)}\nset -- "$@" "$oc_to"`)].join('\n')

/**
 * Sends small files of one folder together: into a temporary folder there, all sums at once, then all are renamed. Asks
 * of the target a `head -c` that takes no more than it should. Throws a CopyEnd, or the wire's TransportError.
 */
export const sendBatch = async (
  folder: Name,
  files: readonly SmallFile[],
  { shell, tools, signal, onBytes, owner }: Sending,
): Promise<void> => {
  const contents = await Promise.all(
    files.map(({ from }) =>
      readFile(from).catch((cause: NodeJS.ErrnoException) => {
        throw failedAt(shown(from), `It cannot be read here (${cause.code}).`, cause)
      }),
    ),
  )
  const sums = contents.map((bytes) => {
    const sum = createSum(tools.verifiedBy)
    sum.update(bytes)
    return sum.digest()
  })
  const head = `${assign('oc_dir', folder)}
oc_tmp=$oc_dir/.oc-copy-${randomBytes(8).toString('hex')}
umask 077
oc_home=$(pwd)
trap 'cd "$oc_home" && rm -rf "$oc_tmp"' 0
trap 'exit 129' 1 2 13 15`
  const input = (async function* () {
    for (const bytes of contents) {
      yield bytes
      onBytes(bytes.length)
    }
  })()
  const takes = files.map(
    ({ name }, index) =>
      `${assign('oc_to', name)}\nhead -c ${contents[index]?.length ?? 0} >"$oc_to" || exit 5\nset -- "$@" "$oc_to"`,
  )
  const { stdout } = await askTarget(shell, {
    script: `${head}
mkdir "$oc_tmp" && cd "$oc_tmp" || exit 4
set --
${takes.join('\n')}
${tools.listSums} "$@" || exit 6
trap - 0`,
    input,
    path: shown(folder),
    signal,
  })
  const got = stdout.toString().match(/^\\?[0-9a-f]{64}/gm) ?? []
  const damaged = files.find((_file, index) => got[index]?.replace('\\', '') !== sums[index])
  const modes = Map.groupBy(files, ({ mode }) => mode)
  const put = [...modes].map(
    ([mode, group]) =>
      `${list(group)}\n${ownText(owner, '"$@"')}chmod ${mode.toString(8).padStart(4, '0')} "$@" || exit 8\nmv -f "$@" .. || exit 9`,
  )
  await askTarget(shell, {
    script: damaged === undefined ? `${head}\ncd "$oc_tmp" || exit 4\n${put.join('\n')}` : head,
    path: shown(folder),
    signal,
  })
  if (damaged !== undefined) throw failedAt(shown(damaged.name), 'It arrived damaged; nothing was put in its place.')
}
