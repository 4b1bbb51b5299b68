import { CamelCasePlugin } from 'kysely'

/** TypeScript sees camelCase (`automation.jobVersions`, `createdAt`), SQL has snake_case; keys inside JSON are left alone. */
export const spelling = new CamelCasePlugin({ maintainNestedObjectKeys: true })
