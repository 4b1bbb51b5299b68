import { quoted } from './bootstrap.ts'

/**
 * Where the guards and the output are kept on the target. Unless a folder is configured: `.opsconductor` in the home
 * directory, and where that cannot be, a folder of the user in /var/tmp or /tmp. Nobody but the user may be able to put
 * anything there, or others could make us write into files of their choice.
 */
export type Place = {
  /** An absolute path, or one that begins with `~/`. */
  directory: string | undefined
}

/** Refuses what is no usable folder. */
export const checkPlace = (directory: string | undefined): Place => {
  if (directory !== undefined && !/^~?\/([^\0\n]+\/)?[\w.][^/\0\n]*$/.test(directory))
    throw new RangeError(`The folder '${directory}' for targets must be an absolute path or begin with '~/'.`)
  return { directory }
}

// the parent and the folder; without a log-in name the number of the user stands in the name
const usual = `oc_n=\${LOGNAME-}
case $oc_n in '' | *[!A-Za-z0-9._-]*) oc_n=$(id -u) ;; esac
[ -z "\${HOME-}" ] || "$@" "$HOME" "\${HOME%/}/.opsconductor"
"$@" /var/tmp "/var/tmp/opsconductor-$oc_n"
"$@" /tmp "/tmp/opsconductor-$oc_n"`

const configured = (directory: string): string => {
  const cut = directory.lastIndexOf('/')
  const written = (path: string): string =>
    path.startsWith('~') ? `"$HOME"${quoted(path.slice(1))}` : quoted(path === '' ? '/' : path)
  return `"$@" ${written(directory.slice(0, cut))} ${written(directory)}`
}

/** `oc_each COMMAND…` calls it with the parent and the folder of each place, in their order. */
const each = ({ directory }: Place): string => `oc_each() {
${directory === undefined ? usual : configured(directory)}
}`

// The parent must belong to root or us, and nobody else may rename what is in it; the folder must be ours alone. Modes
// may be followed by `.`, `+` or `@`. `ls` sorts: the shorter path comes first. `-O` is not POSIX and known everywhere.
const fit = `oc_ls() {
oc_m=\${1-} oc_o=\${3-}
}
oc_ours() {
[ -O "$1" ] || [ "$oc_o" = "$(id -u)" ]
} 2>/dev/null
oc_fit() {
[ -d "$2" ] && [ ! -h "$2" ] || return 1
oc_l=$(LC_ALL=C ls -ldn "\${1%/}/." "$2/." 2>/dev/null) || return 1
oc_ls \${oc_l%%
*}
[ "$oc_o" = 0 ] || oc_ours "$1" || return 1
case $oc_m in d????-??-* | d????????[tT]*) ;; *) return 1 ;; esac
oc_ls \${oc_l#*
}
oc_ours "$2" || return 1
case $oc_m in d???------*) return 0 ;; esac
return 1
}
oc_make() {
[ -d "$2" ] || mkdir -m 700 "$2" 2>/dev/null
oc_fit "$@" || return 1
[ -d "$2/steps" ] || mkdir -m 700 "$2/steps" 2>/dev/null || [ -d "$2/steps" ]
}`

/** Defines `oc_each`, `oc_fit PARENT FOLDER` (is it safe?) and `oc_make PARENT FOLDER` (there and safe). */
export const placeText = (place: Place): string => `${each(place)}\n${fit}`

/** Puts the file of the guard into `oc_f`; empty when there is none. Needs {@link placeText}. */
export const findText = (id: string): string => `oc_f=
oc_find() {
if [ -z "$oc_f" ] && [ -e "$2/steps/${id}" ] && oc_fit "$@"; then
oc_f=$2/steps/${id}
fi
}
oc_each oc_find`
