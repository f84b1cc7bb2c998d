import { oneLine } from './plain-text.ts';

/** HTML that is safe to put into a page: made by `html`, so that every text in it was escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

type Value = Markup | readonly Markup[] | string | number;

/** A template whose values are escaped, for text and for quoted attributes alike; `Markup` goes in as it is. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Markup {
  return new Markup(
    strings.reduce(
      (text, part, index) => `${text}${index === 0 ? '' : write(values[index - 1]!)}${part}`,
      '',
    ),
  );
}

/** Nothing, for a part of a page that is not there. */
export const NOTHING = new Markup('');

function write(value: Value): string {
  if (value instanceof Markup) return value.text;
  if (typeof value === 'number') return String(value);
  if (typeof value === 'string') return escapeHtml(oneLine(value));
  return value.map((each) => each.text).join('');
}

/** Text of several lines, for `<pre>`. */
export function preformatted(text: string): Markup {
  return new Markup(escapeHtml(text));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}
