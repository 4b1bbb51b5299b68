/** Saves an answer as a file. The browser keeps a large blob on disk, so its size does not matter here. */
export const saveAs = async (response: Response, fileName: string) => {
  saveBlob(await response.blob(), fileName)
}

export const saveBlob = (blob: Blob, fileName: string) => {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = fileName
  link.click()
  // the browser has taken the address over once the click was handled
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}
