import type { Entry } from './entries.ts'
import type { Name } from './words.ts'

type FileEntry = Extract<Entry, { kind: 'file' }>

const MOST_FILES = 100
const MOST_BYTES = 4_194_304
const SMALL_BYTES = 262_144

/** Folder and last part of a relative path. */
export const partsOf = (path: Name): { folder: Name; last: Name } => {
  const slash = path.lastIndexOf(0x2f)
  return { folder: path.subarray(0, Math.max(0, slash)), last: path.subarray(slash + 1) }
}

/** Puts small files of one folder together: a command for each would take longer than their bytes. Larger ones go alone. */
export const inBatches = (files: readonly FileEntry[], canBatch: boolean): FileEntry[][] => {
  const batches: FileEntry[][] = []
  const open = new Map<string, { files: FileEntry[]; sizeBytes: number }>()
  for (const file of files) {
    if (!canBatch || file.sizeBytes > SMALL_BYTES || file.path.length === 0) {
      batches.push([file])
      continue
    }
    const folder = partsOf(file.path).folder.toString('latin1')
    let batch = open.get(folder)
    if (batch === undefined || batch.files.length >= MOST_FILES || batch.sizeBytes + file.sizeBytes > MOST_BYTES) {
      batch = { files: [], sizeBytes: 0 }
      open.set(folder, batch)
      batches.push(batch.files)
    }
    batch.files.push(file)
    batch.sizeBytes += file.sizeBytes
  }
  return batches
}
