import type { ActionResult } from '@rastro/testkit';
import pc from 'picocolors';

const ZERO_WIDTH = /[\u200b\u2060\ufeff]/g;

/** What the demo prints: steps, commands, annotations and Markdown, as a user would see them. */
export const transcript = {
  title(text: string): void {
    console.log(`\n${pc.bold(pc.inverse(` ${text} `))}`);
  },
  say(text: string): void {
    console.log(text);
  },
  /** A command that a person types. */
  command(text: string): void {
    console.log(`${pc.green('$')} ${pc.bold(text)}`);
  },
  /** One step of a workflow, with what it annotated and answered. */
  action(verb: string, { exitCode, annotations, outputs }: ActionResult): void {
    const mark = exitCode === 0 ? pc.green('✔') : pc.red('✖');
    console.log(`${mark} uses: rastro-ml/rastro/actions/${verb}@v1 ${pc.dim(`(exit code ${exitCode})`)}`);
    for (const { level, file, line, message } of annotations.slice(0, 6)) {
      const where = file ? `${pc.bold(`${file}${line ? `:${line}` : ''}`)} ` : '';
      console.log(`    ${level === 'error' ? pc.red(level) : pc.yellow(level)} ${where}${message}`);
    }
    const shown = Object.entries(outputs).filter(
      ([name, value]) => value !== '' && value.length <= 120 && name !== 'verdict',
    );
    for (const [name, value] of shown) console.log(pc.dim(`    ${name}: ${value}`));
  },
  /** Markdown as text, without the hidden marks. */
  markdown(text: string, lines = 30): void {
    const all = text
      .replaceAll(ZERO_WIDTH, '')
      .split('\n')
      .filter((line) => !line.startsWith('<!--'));
    const shown = all.slice(0, lines);
    for (const line of shown) console.log(`  ${pc.dim('│')} ${line}`);
    if (all.length > shown.length) console.log(`  ${pc.dim(`│ … ${all.length - shown.length} more lines`)}`);
  },
};
