import ts from 'typescript'

/** A specifier that a file imports, with what it takes from there. */
export type Import = {
  readonly specifier: string
  readonly line: number
  /** Whether everything it takes is a type, so that nothing of it is left when the program runs. */
  readonly isTypeOnly: boolean
  /** Names of the values it takes; `*` stands for all of them. */
  readonly values: readonly string[]
}

/** A member that a file asks for by name: `process.env`, `db.selectFrom`. */
export type Mention = { readonly owner: string; readonly name: string; readonly line: number }

export type Contents = { readonly imports: readonly Import[]; readonly mentions: readonly Mention[] }

/** What a file of TypeScript or JavaScript takes from elsewhere. */
export const readContents = (path: string, text: string): Contents => {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, false, kindOf(path))
  const lineOf = (node: ts.Node) => source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1
  const imports: Import[] = []
  const mentions: Mention[] = []

  const visit = (node: ts.Node) => {
    const taken = takenBy(node)
    if (taken !== undefined) imports.push({ ...taken, line: lineOf(node) })
    if (ts.isPropertyAccessExpression(node)) {
      const owner = ts.isIdentifier(node.expression) ? node.expression.text : ''
      mentions.push({ owner, name: node.name.text, line: lineOf(node.name) })
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return { imports, mentions }
}

const kindOf = (path: string) => {
  if (path.endsWith('.tsx')) return ts.ScriptKind.TSX
  return /\.[cm]?js$/.test(path) ? ts.ScriptKind.JS : ts.ScriptKind.TS
}

const takenBy = (node: ts.Node): Omit<Import, 'line'> | undefined => {
  if (ts.isImportDeclaration(node)) return of(node.moduleSpecifier, valuesOfImport(node.importClause))
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    return of(node.moduleSpecifier, valuesOfExport(node))
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return of(node.arguments[0], ['*'])
  }
  // `import('…').Shape` in the place of a type
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) return of(node.argument.literal, [])
  return undefined
}

/** @param values `undefined` for an import that takes nothing and runs the file all the same */
const of = (specifier: ts.Node | undefined, values: readonly string[] | undefined) => {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return undefined
  return { specifier: specifier.text, isTypeOnly: values?.length === 0, values: values ?? [] }
}

const valuesOfImport = (clause: ts.ImportClause | undefined): string[] | undefined => {
  if (clause === undefined) return undefined
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return []
  const { name, namedBindings } = clause
  const byDefault = name === undefined ? [] : ['default']
  if (namedBindings === undefined) return byDefault
  return [...byDefault, ...(ts.isNamespaceImport(namedBindings) ? ['*'] : valuesAmong(namedBindings.elements))]
}

const valuesOfExport = ({ isTypeOnly, exportClause }: ts.ExportDeclaration): string[] => {
  if (isTypeOnly) return []
  return exportClause !== undefined && ts.isNamedExports(exportClause) ? valuesAmong(exportClause.elements) : ['*']
}

const valuesAmong = (elements: readonly (ts.ImportSpecifier | ts.ExportSpecifier)[]) =>
  elements.filter(({ isTypeOnly }) => !isTypeOnly).map(({ name, propertyName }) => (propertyName ?? name).text)
