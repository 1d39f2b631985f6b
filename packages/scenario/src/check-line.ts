import { quoted, ScenarioSyntaxError } from './scenario-error.ts'

/** The recorder reads lines into 512 bytes, with the newline and a NUL. */
const LONGEST_LINE: number = 510

/**
 * Refuses what no line may have, comments included: the recorder would read another program.
 * @throws {ScenarioSyntaxError}
 */
export function checkLine(line: number, source: string): void {
  let bytes = 0
  for (let column = 1; column <= source.length; column++) {
    const code = source.charCodeAt(column - 1)
    // A surrogate is half of a character of four bytes.
    bytes += code < 0x80 ? 1 : code < 0x800 || (code & 0xf800) === 0xd800 ? 2 : 3
    if (bytes > LONGEST_LINE)
      throw new ScenarioSyntaxError(line, column, {
        code: 'SCENARIO_LINE_TOO_LONG',
        found: `a line longer than ${LONGEST_LINE} bytes`,
        expected: 'the end of the line',
        remedy: 'break it in two',
      })
    if ((code >= 0x20 && code !== 0x7f && code !== 0xfeff) || code === 0x09) continue
    throw new ScenarioSyntaxError(line, column, {
      code: 'SCENARIO_BAD_CHARACTER',
      found: quoted(source[column - 1]!),
      expected: 'text',
      remedy:
        code === 0x0d
          ? 'save the file with LF line ends'
          : code === 0xfeff
            ? 'save the file without a byte order mark'
            : 'remove the control character',
    })
  }
}
