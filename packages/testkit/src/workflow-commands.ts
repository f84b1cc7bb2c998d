/** A command that a step gave the runner on its output, such as `::error file=a.csv,line=3::message`. */
export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

/** What GitHub shows beside a line of a file. */
export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly message: string;
  readonly title?: string;
  readonly file?: string;
  readonly line?: number;
  readonly endLine?: number;
  readonly column?: number;
  readonly endColumn?: number;
}

/** The commands that the runner would act on; what stands between `stop-commands` and its token is plain text. */
export function parseWorkflowCommands(output: string): WorkflowCommand[] {
  const commands: WorkflowCommand[] = [];
  let resumeToken: string | undefined;
  for (const line of output.split(/\r?\n/)) {
    const command = parseCommand(line.trimStart());
    if (!command) continue;
    if (resumeToken !== undefined) {
      if (command.name === resumeToken) resumeToken = undefined;
    } else if (command.name === 'stop-commands') {
      resumeToken = command.message;
    } else {
      commands.push(command);
    }
  }
  return commands;
}

export function annotationsOf(commands: readonly WorkflowCommand[]): Annotation[] {
  return commands.flatMap(({ name, properties, message }) => {
    if (name !== 'error' && name !== 'warning' && name !== 'notice') return [];
    const { title, file, line, endLine, col, endColumn } = properties;
    return [
      {
        level: name,
        message,
        ...(title === undefined ? {} : { title }),
        ...(file === undefined ? {} : { file }),
        ...(line === undefined ? {} : { line: Number(line) }),
        ...(endLine === undefined ? {} : { endLine: Number(endLine) }),
        ...(col === undefined ? {} : { column: Number(col) }),
        ...(endColumn === undefined ? {} : { endColumn: Number(endColumn) }),
      },
    ];
  });
}

function parseCommand(line: string): WorkflowCommand | undefined {
  const match = /^::([^\s:]+)(?:\s+(.*?))?::(.*)$/.exec(line);
  if (!match) return undefined;
  const [, name = '', properties = '', message = ''] = match;
  return {
    name,
    properties: Object.fromEntries(
      properties.split(',').flatMap((pair) => {
        const equals = pair.indexOf('=');
        return equals > 0 ? [[pair.slice(0, equals).trim(), unescapeProperty(pair.slice(equals + 1))]] : [];
      }),
    ),
    message: unescapeData(message),
  };
}

function unescapeData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

function unescapeProperty(text: string): string {
  return unescapeData(text.replaceAll('%3A', ':').replaceAll('%2C', ','));
}
