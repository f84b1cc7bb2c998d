import type { Nodes, Root } from 'mdast';
import remarkGfm from 'remark-gfm';
import remarkParse from 'remark-parse';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';

const parser = unified().use(remarkParse).use(remarkGfm);

/** Markdown as GitHub's dialect reads it. */
export function parseGfm(markdown: string): Root {
  return parser.parse(markdown);
}

export function nodesOf<T extends Nodes['type']>(root: Root, type: T): Extract<Nodes, { type: T }>[] {
  const found: Extract<Nodes, { type: T }>[] = [];
  visit(root, type, (node) => void found.push(node as Extract<Nodes, { type: T }>));
  return found;
}

/** What a reader sees, without code: the text in which a forge looks for names, numbers and addresses. */
export function proseOf(root: Root): string[] {
  const prose: string[] = [];
  visit(root, (node) => {
    if (node.type === 'text') prose.push(node.value);
    if (node.type === 'html') prose.push(decode(node.value.replaceAll(/<[^>]*>/g, '')));
  });
  return prose;
}

const ENTITIES: Readonly<Record<string, string>> = { '&lt;': '<', '&gt;': '>', '&amp;': '&', '&#36;': '$' };

function decode(html: string): string {
  return html.replaceAll(/&(?:lt|gt|amp|#36);/g, (entity) => ENTITIES[entity]!);
}
