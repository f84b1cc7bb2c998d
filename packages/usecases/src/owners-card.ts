import { parseDocument } from '@rastro/document';
import type { Workspace } from './ports/index.ts';

/** The owner's own words on a model: front matter and text. */
export interface OwnersCard {
  readonly front: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/**
 * Reads `cards/<model>.md`, or `MODEL_CARD.md` for a repository with one model; empty when there is neither.
 * @throws InputError when the front matter is not YAML, at its line.
 */
export async function readOwnersCard(model: string, workspace: Workspace): Promise<OwnersCard> {
  for (const file of [`cards/${model}.md`, 'MODEL_CARD.md']) {
    const text = await workspace.readText(file);
    if (text !== undefined) return split(text, file);
  }
  return { front: {}, body: '' };
}

/** A text without front matter, or with one that is no mapping, is all body. */
function split(raw: string, file: string): OwnersCard {
  const text = raw.replace(/^\ufeff/, '').replaceAll('\r\n', '\n');
  const found = /^---\n([\s\S]*?\n)?---(?:\n|$)/.exec(text);
  if (!found) return { front: {}, body: text };
  const [whole, yaml = ''] = found;
  const body = text.slice(whole.length);
  if (yaml.trim() === '') return { front: {}, body };
  // Lines are counted from that of the fence.
  const { value } = parseDocument(`\n${yaml}`, file);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { front: {}, body: text };
  return { front: value as Record<string, unknown>, body };
}
