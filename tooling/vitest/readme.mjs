/**
 * Runs the first `js` block of a README, with `packages` in the place of its imports. `printed` is what it printed line by
 * line, `promised` what its comments `//> …` say that it prints.
 */
export function runReadmeExample(readme, packages) {
  const code = /^```js\n(.*?)^```$/ms.exec(readme)?.[1]
  if (code === undefined) throw new Error('the README has no js block')
  const body = code.replace(/^import (\* as \w+|\{[^}]*\}) from ('.*')$/gm, (_import, names, from) => {
    const pattern = names.startsWith('*') ? names.slice('* as '.length) : names.replace(/ as /g, ': ')
    return `const ${pattern} = packages[${from}]`
  })
  const printed = []
  const print = { log: (...values) => printed.push(values.join(' ')) }
  new Function('packages', 'console', body)(packages, print)
  return { printed, promised: Array.from(code.matchAll(/\/\/> (.*)$/gm), (match) => match[1]) }
}
