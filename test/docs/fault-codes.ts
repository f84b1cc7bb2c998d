import { readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parseAst } from 'vitest/node';
import { root } from './action-files.ts';
import { trackedFiles } from './tracked-files.ts';

/** An error as the source makes it, with … for what differs from case to case. */
export interface FaultCode {
  readonly code: string;
  /** What it says, in each of the places that make it and advise the same. */
  readonly messages: readonly string[];
  readonly nexts: readonly string[];
}

/** Every error that the shipped code makes, by name; a name comes twice when it advises differently in two places. */
export function faultCodes(): FaultCode[] {
  const found = new Map<string, FaultCode>();
  const sources = new Map(
    trackedFiles()
      .filter((file) => /^packages\/(?!testkit|demo)[\w-]+\/src\/.*\.ts$/.test(file))
      .map((file) => [file, readFileSync(join(root, file), 'utf8')]),
  );
  for (const [path, source] of sources) {
    if (!/\bfault\(|\bnext:/.test(source)) continue;
    for (const { code, messages, nexts } of faultsOf(source, importersOf(path, sources))) {
      const key = JSON.stringify([code, nexts]);
      const known = found.get(key)?.messages ?? [];
      found.set(key, { code, nexts, messages: [...new Set([...known, ...messages])] });
    }
  }
  return [...found.values()].sort((a, b) => (a.code === b.code ? 0 : a.code < b.code ? -1 : 1));
}

/** A file that imports another of its folder, and the names that it imports from there. */
interface Importer {
  readonly source: string;
  readonly names: readonly string[];
}

function importersOf(path: string, sources: ReadonlyMap<string, string>): Importer[] {
  return [...sources].flatMap(([other, source]) => {
    const [before, after] = source.split(`} from './${basename(path)}'`);
    if (dirname(other) !== dirname(path) || after === undefined) return [];
    return [{ source, names: before!.slice(before!.lastIndexOf('{') + 1).match(/\w+/g) ?? [] }];
  });
}

/** A node of the syntax tree, as the parser gives it (ESTree); of each kind only what is asked for here. */
interface Node {
  readonly type: string;
  readonly name: string;
  readonly value: unknown;
  readonly kind: string;
  readonly id: Node | null;
  readonly init: Node | null;
  readonly params: readonly Node[];
  readonly arguments: readonly Node[];
  readonly callee: Node;
  readonly properties: readonly Node[];
  readonly key: Node;
  readonly operator: string;
  readonly left: Node;
  readonly right: Node;
  readonly consequent: Node;
  readonly alternate: Node;
  readonly expression: Node;
  readonly quasis: readonly { readonly value: { readonly cooked: string } }[];
  readonly expressions: readonly Node[];
}

/** A node with all that encloses it, the innermost last: where its names are looked up. */
interface Placed {
  readonly node: Node;
  readonly around: readonly Node[];
}

/** What the parameters of a function are in one call of it. */
type Bound = ReadonlyMap<string, Placed>;

/** Stands for what only a run can tell. */
const UNKNOWN = '…';
const NOTHING = { type: 'Identifier', name: 'undefined' } as Node;
const CODE = /^[a-z]+(-[a-z0-9]+)*$/;

/** `importers` may call what makes the faults of this source. */
function faultsOf(source: string, importers: readonly Importer[]): FaultCode[] {
  const nodesOf = (text: string) => placedNodes(parseAst(text, { lang: 'ts' }) as unknown as Node);
  const isCall = ({ node }: Placed) => node.type === 'CallExpression';
  const all = nodesOf(source);
  const others = importers.map((importer) => ({ ...importer, nodes: nodesOf(importer.source) }));
  const everyCall = Map.groupBy(
    [
      ...all.filter(isCall),
      ...others.flatMap(({ names, nodes }) =>
        nodes.filter((placed) => isCall(placed) && names.includes(placed.node.callee.name)),
      ),
    ],
    ({ node }) => node.callee.name,
  );
  const constants = [...all, ...others.flatMap(({ nodes }) => nodes)].filter(
    ({ node, around }) => node.init && around.at(-1)?.kind === 'const',
  );
  const calls = (name: string) => everyCall.get(name) ?? [];

  /** The calls of the function that makes a fault, when the fault depends on what is passed; otherwise one that binds nothing. */
  function casesOf({ node, around }: Placed, parts: readonly (Node | undefined)[]): Bound[] {
    const own = enclosingFunctions(around).find(({ params }) =>
      params.some((param) => parts.some((part) => part && names(part).includes(nameOf(param)))),
    );
    const made = own ? calls(own.name).filter((call) => call.node !== node) : [];
    return made.length > 0 ? made.map((call) => bind(own!.params, call)) : [new Map()];
  }

  function bind(params: readonly Node[], call: Placed): Bound {
    const values = params.map((param, place): [string, Placed] => {
      const standard = param.type === 'AssignmentPattern' ? param.right : NOTHING;
      return [nameOf(param), { node: call.node.arguments[place] ?? standard, around: call.around }];
    });
    return new Map(values);
  }

  /** The texts that an expression may be, … for one that only a run can tell; none for `undefined`. */
  function texts({ node, around }: Placed, bound: Bound, depth = 0): string[] {
    const inner = (one: Node) => texts({ node: one, around }, bound, depth + 1);
    if (depth > 6) return [UNKNOWN];
    switch (node.type) {
      case 'Literal':
        return [String(node.value)];
      case 'TemplateLiteral': {
        const parts = node.expressions.map((part) => {
          const known = part.type === 'Identifier' ? inner(part) : [];
          return known.length === 1 ? known[0]! : UNKNOWN;
        });
        return [node.quasis.map(({ value }, place) => value.cooked + (parts[place] ?? '')).join('')];
      }
      case 'ConditionalExpression':
        return [...inner(node.consequent), ...inner(node.alternate)];
      case 'LogicalExpression':
        return [...inner(node.left), ...inner(node.right)];
      case 'BinaryExpression':
        return node.operator === '+' ? [`${inner(node.left)[0]}${inner(node.right)[0]}`] : [UNKNOWN];
      case 'CallExpression': {
        // A text that is cut or cleaned on the way: `capped(oneLine(…))`.
        const [text] = node.arguments;
        return text && node.callee.type === 'Identifier' && /^(Template|Call)/.test(text.type)
          ? inner(text)
          : [UNKNOWN];
      }
      case 'Identifier':
        return node.name === 'undefined' ? [] : named(node.name);
      default:
        return [UNKNOWN];
    }

    function named(name: string): string[] {
      const given = bound.get(name);
      if (given) return texts(given, new Map(), depth + 1);
      const constant = constants.findLast(
        (one) => one.node.id?.name === name && around.includes(one.around.at(-2)!),
      );
      if (constant) return texts({ node: constant.node.init!, around: constant.around }, bound, depth + 1);
      const own = enclosingFunctions(around).find(({ params }) => params.some((one) => nameOf(one) === name));
      if (!own) return [UNKNOWN];
      const passed = calls(own.name).map((call) => bind(own.params, call).get(name)!);
      return passed.length > 0 ? passed.flatMap((value) => texts(value, new Map(), depth + 1)) : [UNKNOWN];
    }
  }

  return all.flatMap((placed) => {
    const [code, message, next] = partsOf(placed.node);
    if (!code || !message) return [];
    return casesOf(placed, [code, message, next]).flatMap((bound) => {
      const read = (part: Node | undefined) =>
        part ? told(texts({ node: part, around: placed.around }, bound)).map(oneLine) : [];
      return read(code)
        .filter((name) => CODE.test(name))
        .map((name) => ({ code: name, messages: read(message), nexts: read(next) }));
    });
  });
}

/** The texts that are known, if any is. */
function told(all: readonly string[]): string[] {
  const known = all.filter((text) => text !== UNKNOWN);
  return known.length > 0 ? known : all.slice(0, 1);
}

/** Code, message and next step of `fault(code, message, place, next)` or `{ code, message, next }`. */
function partsOf(node: Node): (Node | undefined)[] {
  if (node.type === 'CallExpression' && node.callee.name === 'fault') {
    const [code, message, , next] = node.arguments;
    return [code, message, next];
  }
  if (node.type !== 'ObjectExpression') return [];
  // Without `next` it is a finding, as of an audit or a comparison of two versions, and no error.
  if (!node.properties.some(({ key }) => key?.name === 'next')) return [];
  return ['code', 'message', 'next'].map(
    (name) => node.properties.find(({ key }) => key?.name === name)?.value as Node | undefined,
  );
}

/** The functions around a place that have a name, the innermost first. */
function enclosingFunctions(around: readonly Node[]): { name: string; params: readonly Node[] }[] {
  return around
    .flatMap((node, place) => {
      const isArrow =
        node.type === 'ArrowFunctionExpression' && around[place - 1]?.type === 'VariableDeclarator';
      const name = isArrow
        ? around[place - 1]!.id?.name
        : node.type === 'FunctionDeclaration' && node.id?.name;
      return name ? [{ name, params: node.params }] : [];
    })
    .reverse();
}

function placedNodes(node: Node, around: readonly Node[] = []): Placed[] {
  const children = Object.values(node)
    .flat()
    .filter((each): each is Node => typeof each === 'object' && each !== null && 'type' in each);
  return [{ node, around }, ...children.flatMap((child) => placedNodes(child, [...around, node]))];
}

/** The names that an expression reads. */
function names(node: Node): string[] {
  return placedNodes(node).flatMap(({ node: each }) => (each.type === 'Identifier' ? [each.name] : []));
}

function nameOf(param: Node): string {
  return param.type === 'AssignmentPattern' ? param.left.name : param.name;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}
