/** Waits until something is so, looking every few milliseconds. @throws Error when it has not become so in time */
export const until = async (isSo: () => boolean | Promise<boolean>, limitMs = 60_000): Promise<void> => {
  const end = performance.now() + limitMs
  while (!(await isSo())) {
    if (performance.now() > end) throw new Error(`waited ${limitMs} ms in vain for: ${isSo.toString()}`)
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
