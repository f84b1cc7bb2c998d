import { fault, InputError } from '@rastro/fault';
import type { ColumnRequest } from '@rastro/usecases';
import type { GraphPort } from './graph.ts';
import { isNumeric } from './pack.ts';

/** One tensor to feed: its columns, as indexes into the plan's columns, and its dimensions after the first. */
export interface Feed {
  readonly name: string;
  readonly type: string;
  readonly columns: readonly number[];
  readonly rest: readonly number[];
}

/** How columns become a model's inputs. */
export interface InputPlan {
  readonly columns: readonly ColumnRequest[];
  readonly feeds: readonly Feed[];
  /** The number of rows that the model takes at a time, when it is fixed. */
  readonly fixedRows: number | undefined;
}

/** What goes into a model: its features, and which of them go into which input when their names do not say so. */
export interface InputRequest {
  readonly features: readonly string[];
  readonly inputs?: Readonly<Record<string, readonly string[]>> | undefined;
}

/**
 * Fits the features to the inputs: all of them side by side in a single tensor, or one input per feature, by name, or as the
 * request maps them. A model with one input per feature names what it reads, so features that it does not read are left out.
 * @throws InputError `model-inputs-unsupported`, `model-features-mismatch`
 */
export function planInputs(inputs: readonly GraphPort[], { features, inputs: map }: InputRequest): InputPlan {
  const [only, ...others] = inputs;
  if (!only) throw unsupported('the model has no input');
  for (const input of inputs) refuseType(input);
  const isOneColumn = only.shape.length === 1 || (only.shape.length === 2 && only.shape[1] === 1);
  const isByName = others.length > 0 || (isOneColumn && features.includes(only.name));
  const named = map ? mappedColumns(inputs, map) : isByName ? ownColumns(inputs, features) : [features];
  let before = 0;
  const feeds = inputs.map((input, index) => {
    const feed = feedOf(input, named[index]!, before);
    before += feed.columns.length;
    return feed;
  });
  return {
    columns: feeds.flatMap(({ type }, index) =>
      named[index]!.map((name) => ({
        name,
        as: type === 'string' ? ('string' as const) : ('number' as const),
      })),
    ),
    feeds,
    fixedRows: fixedRows(inputs),
  };
}

/** The columns of each input as they are mapped; an input that is not mapped has the name of its column. */
function mappedColumns(
  inputs: readonly GraphPort[],
  map: Readonly<Record<string, readonly string[]>>,
): (readonly string[])[] {
  const names = inputs.map(({ name }) => name);
  const unknown = Object.keys(map).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new InputError(
      fault(
        'model-features-mismatch',
        `the model has no input ${quote(unknown)}; it has ${names.map(quote).join(', ')}`,
        undefined,
        'Correct the names under "inputs:".',
      ),
    );
  }
  return names.map((name) => map[name] ?? [name]);
}

/** `before` counts the columns of the inputs before it. */
function feedOf(input: GraphPort, features: readonly string[], before: number): Feed {
  const rest = input.shape.slice(1);
  const columns = features.map((_, index) => before + index);
  if (rest.length === 0 && features.length === 1)
    return { name: input.name, type: input.type, columns, rest: [] };
  const fixed = rest.filter((dimension) => typeof dimension === 'number');
  const product = fixed.reduce((all, dimension) => all * dimension, 1);
  const isFree = fixed.length < rest.length;
  const rows = input.shape[0];
  if (isFree && typeof rows === 'number' && rows > 1) {
    throw unsupported(
      `input ${quote(input.name)} has the shape ${shapeText(input)}: it does not say whether rows or features come first`,
    );
  }
  if (isFree && rest.length > 1) {
    throw unsupported(
      `input ${quote(input.name)} has the shape ${shapeText(input)}, so it is not known how the features go into it`,
    );
  }
  if (!isFree && product !== features.length) {
    throw new InputError(
      fault(
        'model-features-mismatch',
        `the model takes ${count(product, 'column')} (input ${quote(input.name)} is ${shapeText(input)}), but ${count(features.length, 'feature')} ${features.length === 1 ? 'is' : 'are'} given: ${features.join(', ')}`,
        undefined,
        'List the features that the model was trained on, in their order.',
      ),
    );
  }
  return {
    name: input.name,
    type: input.type,
    columns,
    rest: isFree ? [features.length] : fixed,
  };
}

/** The column of each input, which has its name. */
function ownColumns(inputs: readonly GraphPort[], features: readonly string[]): string[][] {
  const missing = inputs.filter(({ name }) => !features.includes(name));
  const wide = inputs.find((input) => width(input) !== 1);
  if (wide) {
    throw unsupported(
      `the model has ${inputs.length} inputs, and ${quote(wide.name)} (${shapeText(wide)}) holds several columns`,
      'Say under "inputs:" which columns go into which input, or export the model with one input of shape [N, features].',
    );
  }
  if (missing.length > 0) {
    throw new InputError(
      fault(
        'model-features-mismatch',
        `the model reads ${missing.map(({ name }) => quote(name)).join(', ')}, which ${missing.length === 1 ? 'is' : 'are'} not among the features: ${features.join(', ')}`,
        undefined,
        'Add it to the features under the name that the model uses, or say under "inputs:" which column goes into which input.',
      ),
    );
  }
  return inputs.map(({ name }) => [name]);
}

/** Columns that fit into an input of shape [N] or [N, 1]: one. */
function width({ shape }: GraphPort): number {
  if (shape.length <= 1) return 1;
  return shape.length === 2 && (shape[1] === 1 || typeof shape[1] !== 'number') ? 1 : Number.NaN;
}

function fixedRows(inputs: readonly GraphPort[]): number | undefined {
  const fixed = new Set(inputs.map(({ shape }) => shape[0]).filter((rows) => typeof rows === 'number'));
  if (fixed.size > 1) throw unsupported('the inputs have different fixed numbers of rows');
  const [rows] = fixed;
  if (rows !== undefined && rows < 1) throw unsupported(`the number of rows is fixed at ${rows}`);
  return rows;
}

function refuseType(input: GraphPort): void {
  if (input.type !== 'string' && !isNumeric(input.type)) {
    throw unsupported(`input ${quote(input.name)} is ${input.type}, which cannot be fed`);
  }
}

function unsupported(
  message: string,
  next = 'Export the model with one numeric input of shape [N, features], or one input of shape [N, 1] per feature.',
): InputError {
  return new InputError(fault('model-inputs-unsupported', message, undefined, next));
}

export function shapeText({ shape, type }: GraphPort): string {
  return `${type}[${shape.map((dimension) => dimension ?? '?').join(', ')}]`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function quote(name: string): string {
  return JSON.stringify(name);
}
