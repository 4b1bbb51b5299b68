/** The line that the hash of an address names (`#L123`, or `L123`), if any. */
export const lineOf = (hash: string): number | undefined => {
  const found = /^#?L([1-9]\d{0,9})$/.exec(hash)
  return found ? Number(found[1]) : undefined
}
