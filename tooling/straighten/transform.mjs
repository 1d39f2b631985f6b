/**
 * Stepped source to straight-line source, by syntax:
 *
 * - `function*` and generator methods lose the star; the type `Steps<T>` becomes `T`
 * - `yield* call(…)` becomes the call
 * - `yield STEP_X` goes; `yield call(…)` becomes the call
 * - `.steps.handler(…)`, a handler of the stepped form, becomes `.plain.handler(…)`
 * - `touches(…)` and its kin, which say what a step touches, go
 * - imports of `…/steps` become `…/plain`; imports of step numbers, of `Steps` and of what `touches` needs go
 */
import ts from 'typescript'

/** Names that only stepped code uses. */
const isStepName = (name) =>
  name === 'Steps' ||
  name === 'Step' ||
  name.startsWith('STEP_') ||
  name.startsWith('TOUCH_') ||
  isTouch(name)

/** Functions that say what a step touches. */
const isTouch = (name) => /^touches([A-Z]|$)/.test(name)

export function straighten(source, name) {
  const file = ts.createSourceFile(name, source, ts.ScriptTarget.ESNext, true, ts.ScriptKind.TS)
  const edits = []
  const replace = (start, end, text) => edits.push({ start, end, text })
  /** A whole line with its line break, for statements that go; only a comment may share the line. */
  const removeLine = (node) => {
    let start = node.getStart(file)
    while (source[start - 1] === ' ') start--
    let end = node.getEnd()
    while (source[end] !== undefined && source[end] !== '\n') end++
    const behind = source.slice(node.getEnd(), end).trim()
    if ((source[start - 1] ?? '\n') !== '\n' || !/^;?\s*(\/\/.*)?$/.test(behind)) {
      throw new Error(`${name}: something else is on the line of what is taken out: ${node.getText(file)}`)
    }
    replace(start, end + 1, '')
  }

  const visit = (node) => {
    if (
      (ts.isFunctionDeclaration(node) || ts.isFunctionExpression(node) || ts.isMethodDeclaration(node)) &&
      node.asteriskToken
    ) {
      const star = node.asteriskToken
      const gap = ts.isMethodDeclaration(node) && source[star.end] === ' ' ? 1 : 0
      replace(star.getStart(file), star.end + gap, '')
    }
    if (ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName) && node.typeName.text === 'Steps') {
      const [inner] = node.typeArguments
      replace(node.getStart(file), inner.getStart(file), '')
      replace(inner.getEnd(), node.getEnd(), '')
      visit(inner)
      return
    }
    if (
      ts.isExpressionStatement(node) &&
      ts.isYieldExpression(node.expression) &&
      !node.expression.asteriskToken
    ) {
      const value = node.expression.expression
      if (value === undefined || !ts.isCallExpression(value)) {
        if (value === undefined || !ts.isIdentifier(value) || !isStepName(value.text)) {
          throw new Error(`${name}: only a STEP_ number or a call can be yielded: ${node.getText(file)}`)
        }
        if (!ts.isBlock(node.parent) && !ts.isSourceFile(node.parent)) {
          throw new Error(
            `${name}: a step that is the whole body of a branch cannot be taken out: ${node.getText(file)}`,
          )
        }
        removeLine(node)
        return
      }
      replace(node.getStart(file), value.getStart(file), '')
      visit(value)
      return
    }
    if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && isTouch(node.expression.text)) {
      if (!ts.isExpressionStatement(node.parent) || !ts.isBlock(node.parent.parent)) {
        throw new Error(
          `${name}: what a step touches can only be said in a statement of a block: ${node.getText(file)}`,
        )
      }
      removeLine(node.parent)
      return
    }
    if (ts.isYieldExpression(node)) {
      if (!node.asteriskToken) throw new Error(`${name}: a step has no value: ${node.getText(file)}`)
      replace(node.getStart(file), node.expression.getStart(file), '')
      visit(node.expression)
      return
    }
    if (ts.isPropertyAccessExpression(node) && node.name.text === 'steps') {
      replace(node.name.getStart(file), node.name.getEnd(), 'plain')
    }
    if (ts.isImportDeclaration(node)) {
      visitImport(node)
      return
    }
    ts.forEachChild(node, visit)
  }

  const visitImport = (node) => {
    const bindings = node.importClause?.namedBindings
    if (bindings !== undefined && ts.isNamedImports(bindings)) {
      const kept = bindings.elements.filter((element) => !isStepName(element.name.text))
      if (kept.length === 0) {
        removeLine(node)
        return
      }
      if (kept.length < bindings.elements.length) {
        const names = kept.map((element) => element.getText(file)).join(', ')
        replace(bindings.getStart(file), bindings.getEnd(), `{ ${names} }`)
      }
    }
    const specifier = node.moduleSpecifier
    if (specifier.text.endsWith('/steps')) {
      replace(
        specifier.getStart(file),
        specifier.getEnd(),
        `'${specifier.text.slice(0, -'/steps'.length)}/plain'`,
      )
    }
  }

  visit(file)
  edits.sort((a, b) => b.start - a.start)
  let text = source
  for (const { start, end, text: inserted } of edits) text = text.slice(0, start) + inserted + text.slice(end)
  return `// Derived from ../steps/${name} by \`pnpm straighten\`; edit that file, not this one.\n${text}`
}
