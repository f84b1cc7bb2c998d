import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './action-files.ts';

export type Step =
  | { readonly kind: 'file'; readonly line: number; readonly path: string; readonly content: string }
  /** `shown`: the lines under the command, where `…` stands for anything. */
  | {
      readonly kind: 'command';
      readonly line: number;
      readonly command: string;
      readonly shown: readonly string[];
    };

/** What a page has its reader do: the files that it names above a block, and the commands after `$` in its console blocks. */
export function tutorialSteps(page: string): Step[] {
  const text = readFileSync(join(root, page), 'utf8');
  const blocks = [...text.matchAll(/(?:^`([\w./-]+)`:\n\n)?^```(\w+)\n([\s\S]*?)^```$/gm)];
  return blocks.flatMap(({ index, 0: all, 1: path, 2: language, 3: content = '' }) => {
    const line = text.slice(0, index + all.indexOf('```')).split('\n').length;
    if (path) return [{ kind: 'file', line, path, content } as const];
    return language === 'console' ? commandsOf(content, line) : [];
  });
}

function commandsOf(content: string, line: number): Step[] {
  return content
    .split(/^(?=\$ )/m)
    .filter((part) => part.startsWith('$ '))
    .map((part) => {
      const [command = '', ...shown] = part.trimEnd().split('\n');
      const before = content.slice(0, content.indexOf(part)).split('\n').length;
      return { kind: 'command', line: line + before, command: command.slice(2), shown } as const;
    });
}

/** Whether a text shows these lines, one after the other: `…` alone is any lines, within a line any characters. */
export function shows(text: string, shown: readonly string[]): boolean {
  const escaped = (line: string) =>
    line
      .split('…')
      .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/ +/g, ' +'))
      .join('[^\\n]*');
  const pattern = shown
    .map((line) => (line.trim() === '…' ? '(?:[^\\n]*\\n)*?' : `${escaped(line.trimEnd())} *\\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(text);
}
