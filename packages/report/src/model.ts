import { z } from 'zod';

/** A piece of text inside a line. Strings are always plain text: a renderer escapes them for its own format. */
export const Inline = z.union([
  z.string(),
  z.strictObject({ code: z.string() }),
  z.strictObject({ strong: z.string() }),
  z.strictObject({ link: z.string(), url: z.url({ protocol: /^https?$/ }) }),
]);
export type Inline = z.infer<typeof Inline>;

/** One line of text: a plain string, or pieces. */
export const Text = z.union([z.string(), z.array(Inline)]);
export type Text = z.infer<typeof Text>;

export const Status = z.enum(['pass', 'warn', 'fail', 'info']);
export type Status = z.infer<typeof Status>;

const Align = z.enum(['left', 'right', 'center']);

/** `summary` is what a reader takes from it, such as the area under it; default: its first and its last value. */
const Series = z.strictObject({
  name: z.string(),
  summary: z.string().optional(),
  points: z.array(z.tuple([z.number(), z.number()])),
});

/**
 * A plot told as data; each renderer draws it in its own way (Mermaid, inline SVG, unicode). A point is `[x, y]`; with categories its x
 * is the index of its category, from 0.
 */
export const Chart = z.strictObject({
  type: z.enum(['line', 'bar']),
  title: z.string(),
  x: z.strictObject({ title: z.string(), categories: z.array(z.string()).optional() }),
  y: z.strictObject({ title: z.string(), min: z.number().optional(), max: z.number().optional() }),
  series: z.array(Series).min(1),
});
export type Chart = z.infer<typeof Chart>;

/**
 * What came from what: nodes by id, and edges from a source to what was made of it. Each renderer draws it in its own way; the edges
 * form no circle, or are drawn as a list.
 */
export const Graph = z.strictObject({
  title: z.string(),
  nodes: z
    .array(z.strictObject({ id: z.string().max(100), title: z.string(), note: z.string().optional() }))
    .min(1)
    .max(60),
  edges: z.array(z.tuple([z.string(), z.string()])).max(200),
});
export type Graph = z.infer<typeof Graph>;

export type Block =
  | { kind: 'paragraph'; text: Text }
  | { kind: 'list'; items: Text[] }
  | { kind: 'facts'; items: { label: string; value: Text }[] }
  | {
      kind: 'table';
      columns: { title: string; align?: 'left' | 'right' | 'center' | undefined }[];
      rows: Text[][];
      more?: number | undefined;
    }
  | { kind: 'code'; language?: string | undefined; text: string }
  | { kind: 'chart'; chart: Chart }
  | { kind: 'graph'; graph: Graph }
  | { kind: 'details'; summary: string; blocks: Block[] };

/** `more` on a table: how many rows were left out before the report was built. */
export const Block: z.ZodType<Block> = z.lazy(() =>
  z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('paragraph'), text: Text }),
    z.strictObject({ kind: z.literal('list'), items: z.array(Text) }),
    z.strictObject({
      kind: z.literal('facts'),
      items: z.array(z.strictObject({ label: z.string(), value: Text })),
    }),
    z.strictObject({
      kind: z.literal('table'),
      columns: z.array(z.strictObject({ title: z.string(), align: Align.optional() })).min(1),
      rows: z.array(z.array(Text)),
      more: z.number().int().nonnegative().optional(),
    }),
    z.strictObject({ kind: z.literal('code'), language: z.string().optional(), text: z.string() }),
    z.strictObject({ kind: z.literal('chart'), chart: Chart }),
    z.strictObject({ kind: z.literal('graph'), graph: Graph }),
    z.strictObject({ kind: z.literal('details'), summary: z.string(), blocks: z.array(Block) }),
  ]),
);

/**
 * A part of a report that has something to say. `importance` decides what goes first when space runs out (0 to 100). Neighbours of
 * one `group` that would be folded are folded together, under its name.
 */
export const Section = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9-]*$/),
  title: z.string(),
  importance: z.number().min(0).max(100),
  group: z.string().optional(),
  blocks: z.array(Block),
});
export type Section = z.infer<typeof Section>;

/** Something found at a place in a file; becomes an annotation. Lines and columns are 1-based. */
export const Finding = z.strictObject({
  severity: z.enum(['error', 'warning', 'notice']),
  title: z.string(),
  message: z.string(),
  file: z.string().optional(),
  line: z.number().int().positive().optional(),
  column: z.number().int().positive().optional(),
});
export type Finding = z.infer<typeof Finding>;

/** What one run of one verb has to say about one subject (a model or a dataset). */
export const Report = z.strictObject({
  schema: z.literal('rastro/report/v1'),
  verb: z.string().regex(/^[a-z][a-z-]*$/),
  subject: z.string().max(200),
  verdict: z.strictObject({ status: Status, sentence: z.string() }),
  sections: z.array(Section),
  findings: z.array(Finding),
  /** What follows `rastro <verb>` on the command line to do the same again. */
  arguments: z.array(z.string().max(200)).max(60).optional(),
});
export type Report = z.infer<typeof Report>;
