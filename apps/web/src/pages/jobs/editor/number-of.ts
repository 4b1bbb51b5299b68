/** What a field for numbers holds; undefined where it is empty. */
export const numberOf = (value: string | number): number | undefined => (value === '' ? undefined : Number(value))
