export { lineOf } from './line-address.ts'
export { OutputViewer } from './OutputViewer.tsx'
export { saveAs, saveBlob } from './save.ts'
export { useOutput } from './use-output.ts'
