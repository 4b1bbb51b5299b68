import { useEffect, useReducer } from 'react'
import type { Draft } from './draft.ts'
import { changed, type History, historyOf, redone, undone } from './history.ts'

type Act =
  | { kind: 'change'; to: (draft: Draft) => Draft; field?: string | undefined }
  | { kind: 'undo' }
  | { kind: 'redo' }

const acted = (history: History<Draft>, act: Act): History<Draft> => {
  switch (act.kind) {
    case 'change':
      return changed(history, act.to(history.present), act.field)
    case 'undo':
      return undone(history)
    case 'redo':
      return redone(history)
  }
}

/** Changes the draft; `field` names what is typed into, so that typing is undone as one change. */
export type Edit = (to: (draft: Draft) => Draft, field?: string) => void

/** A draft that can be undone and done again as a whole, by Ctrl-Z and Shift-Ctrl-Z. */
export const useDraft = (initial: Draft) => {
  const [history, act] = useReducer(acted, initial, historyOf)
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (!(event.ctrlKey || event.metaKey) || event.altKey) return
      const key = event.key.toLowerCase()
      if (key !== 'z' && key !== 'y') return
      event.preventDefault()
      act({ kind: key === 'y' || event.shiftKey ? 'redo' : 'undo' })
    }
    document.addEventListener('keydown', onKeyDown)
    return () => document.removeEventListener('keydown', onKeyDown)
  }, [])
  return {
    draft: history.present,
    edit: ((to, field) => act({ kind: 'change', to, field })) satisfies Edit,
    undo: () => act({ kind: 'undo' }),
    redo: () => act({ kind: 'redo' }),
    canUndo: history.past.length > 0,
    canRedo: history.future.length > 0,
  }
}
