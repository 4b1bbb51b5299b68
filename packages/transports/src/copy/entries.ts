import type { Name } from './words.ts'

/** What is found below a folder; `path` is relative to it, and empty for the folder itself. */
export type Entry =
  | { kind: 'file'; path: Name; mode: number; sizeBytes: number }
  | { kind: 'folder'; path: Name; mode: number }
  | { kind: 'link'; path: Name; leadsTo: Name }
  | { kind: 'other'; path: Name }

export type Symlinks =
  /** A link becomes a link with the same text, wherever that leads there. */
  | 'keep'
  /** What it leads to is copied in its place. */
  | 'follow'
  /** Links are left out, and said to be. */
  | 'skip'
