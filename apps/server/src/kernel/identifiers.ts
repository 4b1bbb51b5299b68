import { v7 } from 'uuid'

/** UUID version 7: sorts by the time it was drawn, so that indexes stay compact. */
export const newUuid = (): string => v7()

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

export const isUuid = (ref: string): boolean => uuidPattern.test(ref)

/** `TGT-2026-000001`; people type it in lower case too. */
export const asSerial = (ref: string): string => ref.toUpperCase()
