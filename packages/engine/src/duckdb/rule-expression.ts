import { inText, type PlannedRule } from '@rastro/contract';
import { didYouMean } from '@rastro/document';
import { type Fault, fault, InputError } from '@rastro/fault';
import { firstLine } from './opened-file.ts';
import type { Session } from './session.ts';

/** The parts of a parsed statement that are looked at. */
interface Statement {
  readonly node: {
    readonly type: string;
    readonly select_list?: readonly SqlNode[];
    readonly from_table?: { readonly type: string };
    readonly where_clause?: unknown;
    readonly having?: unknown;
    readonly qualify?: unknown;
    readonly modifiers?: readonly unknown[];
    readonly group_expressions?: readonly unknown[];
  };
}

type SqlNode = {
  readonly class?: string;
  readonly query_location?: number;
  readonly column_names?: readonly string[];
  /** What a lambda calls its parameters. */
  readonly lhs?: unknown;
};

interface Parsed {
  readonly error: boolean;
  readonly error_message?: string;
  readonly position?: string;
  readonly statements?: readonly Statement[];
}

const PREFIX = 'SELECT ';

/** Functions that SQL calls without parentheses; parsed, they look like columns. */
const TIMES = new Set(['current_date', 'current_time', 'current_timestamp', 'localtime', 'localtimestamp']);

/** @throws InputError for every rule that is no SQL expression over one row, at its place in the contract. */
export async function parseRules(
  session: Session,
  rules: readonly PlannedRule[],
  fields: readonly string[],
): Promise<void> {
  const faults: Fault[] = [];
  for (const rule of rules) faults.push(...(await rulesFaults(session, rule, fields)));
  if (faults.length > 0) throw new InputError(faults);
}

async function rulesFaults(session: Session, rule: PlannedRule, fields: readonly string[]): Promise<Fault[]> {
  const [answer] = await session
    .rows('SELECT json_serialize_sql($1::VARCHAR) AS parsed', [PREFIX + rule.expression])
    .catch((error) => {
      return [{ parsed: JSON.stringify({ error: true, error_message: firstLine(error) }) }];
    });
  const parsed = JSON.parse(String(answer!.parsed)) as Parsed;
  const at = (position: number | undefined) =>
    inText(rule.place, rule.expression, Math.max(0, (position ?? PREFIX.length) - PREFIX.length));
  if (parsed.error) {
    const where = at(parsed.position === undefined ? undefined : Number(parsed.position));
    return [
      fault(
        'rule-syntax',
        `the rule is no SQL expression: ${parsed.error_message}`,
        where,
        'Mend the expression.',
      ),
    ];
  }
  const only = (reason: string, position?: number) => [
    fault(
      'rule-syntax',
      `a rule is one SQL expression over one row: ${reason}`,
      at(position),
      'Write a condition on the columns of a row.',
    ),
  ];
  const node = parsed.statements?.length === 1 ? parsed.statements[0]!.node : undefined;
  if (node?.type !== 'SELECT_NODE') return only('this is more than one statement');
  if (node.select_list?.length !== 1) return only('this is a list of expressions');
  const clauses = [
    node.where_clause,
    node.having,
    node.qualify,
    node.modifiers?.length,
    node.group_expressions?.length,
  ];
  if (node.from_table?.type !== 'EMPTY' || clauses.some(Boolean)) return only('this is a query');
  const nodes = [...nodesIn(node.select_list[0])];
  const banned = nodes.find((each) => ['SUBQUERY', 'WINDOW', 'STAR'].includes(each.class ?? ''));
  if (banned) return only(`it has a ${banned.class!.toLowerCase()}`, banned.query_location);
  const parameters = nodes
    .filter((each) => each.class === 'LAMBDA')
    .flatMap(({ lhs }) => [...nodesIn(lhs)].flatMap(({ column_names = [] }) => column_names));
  return nodes.flatMap((each): Fault[] => {
    if (each.class !== 'COLUMN_REF' || each.column_names?.length !== 1) return [];
    const name = each.column_names[0]!;
    if (parameters.includes(name)) return [];
    if (fields.some((field) => field.toLowerCase() === name.toLowerCase())) return [];
    if (TIMES.has(name.toLowerCase())) return [];
    const nearest = didYouMean(name, fields);
    return [
      fault(
        'unknown-column',
        `the contract names a column "${name}" that it does not declare`,
        at(each.query_location),
        nearest ? `Did you mean "${nearest}"?` : 'Declare it under "fields".',
      ),
    ];
  });
}

/** Every node of a parsed expression. */
function* nodesIn(value: unknown): Generator<SqlNode> {
  if (typeof value !== 'object' || value === null) return;
  if ('class' in value) yield value as SqlNode;
  for (const child of Object.values(value)) yield* nodesIn(child);
}
