/** A place in a file of the user's repository. Lines and columns are 1-based, columns count UTF-16 units. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export function place(file: string, line?: number, column?: number): Place {
  return { file, ...(line === undefined ? {} : { line }), ...(column === undefined ? {} : { column }) };
}

/** `rastro.yaml:3:5`, the form that terminals and editors turn into a link. */
export function showPlace({ file, line, column }: Place): string {
  return [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(':');
}
