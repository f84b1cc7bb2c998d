/**
 * Reads a file of the runner's key-value format (GITHUB_OUTPUT, GITHUB_ENV, GITHUB_STATE): `name=value` lines, and
 * `name<<DELIMITER` … `DELIMITER` for values of several lines.
 * @throws Error for whatever the runner refuses: a line that is neither, or a value that is never closed.
 */
export function parseKeyValueFile(text: string): Record<string, string> {
  const result: Record<string, string> = {};
  const lines = text.split(/\r?\n/);
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!;
    if (line === '') continue;
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (heredoc > 0 && (equals < 0 || heredoc < equals)) {
      const delimiter = line.slice(heredoc + 2);
      const end = lines.indexOf(delimiter, at + 1);
      if (end < 0) throw new Error(`the value of "${line}" is never closed`);
      result[line.slice(0, heredoc)] = lines.slice(at + 1, end).join('\n');
      at = end;
    } else if (equals > 0) {
      result[line.slice(0, equals)] = line.slice(equals + 1);
    } else {
      throw new Error(`the runner refuses the line "${line}"`);
    }
  }
  return result;
}
