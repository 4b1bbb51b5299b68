/** Where npm has a package with Node 24 (optionalDependencies of package.json); elsewhere the machine's own Node has to do. */
const packaged = ['linux-x64', 'linux-arm64', 'win32-x64']

const isOlder = (version, than) => {
  const [major, minor] = version.split('.').map(Number)
  return major < than[0] || (major === than[0] && minor < than[1])
}

/** @returns {string | undefined} what to install, when the Node at hand cannot run OpsConductor */
export const missingRuntime = (platform = `${process.platform}-${process.arch}`, version = process.versions.node) => {
  const needed = packaged.includes(platform) ? [20, 0] : [22, 19]
  if (!isOlder(version, needed)) return undefined
  return (
    `OpsConductor needs Node ${needed.join('.')} or newer to start from on ${platform}; this is ${version}.\n` +
    'Install the current LTS version from https://nodejs.org or with your package manager, then try again.'
  )
}
