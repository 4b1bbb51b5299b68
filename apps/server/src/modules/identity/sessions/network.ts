import { isIPv6 } from 'node:net'

/**
 * What counts as one place from which somebody logs in: an IPv4 address, or the /64 of an IPv6 address, since whoever
 * has one address of that has all of them (RFC 6177 §2, RFC 4291 §2.5.1).
 */
export const networkOf = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [bare = ''] = address.split('%') // without the zone of a link-local address
  if (!isIPv6(bare)) return address
  // a URL writes it in the one canonical form, in which only the longest run of zeros is left out
  const [left = '', right] = new URL(`http://[${bare}]`).hostname.slice(1, -1).split('::')
  const groups = left === '' ? [] : left.split(':')
  const tail = right === undefined || right === '' ? [] : right.split(':')
  const zeros = Array.from({ length: 8 - groups.length - tail.length }, () => '0')
  return `${[...groups, ...zeros, ...tail].slice(0, 4).join(':')}::/64`
}
