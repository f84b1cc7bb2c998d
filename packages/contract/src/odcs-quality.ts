import type { Property, Quality } from './odcs-document.ts';
import { ENGINE } from './odcs-export.ts';

/** What an export of this project keeps of a contract beside what the standard can say. */
export function ownParts(quality: readonly Quality[]): Record<string, unknown> {
  const own = quality.find(({ type, engine }) => type === 'custom' && engine === ENGINE);
  return (own?.implementation as Record<string, unknown> | undefined) ?? {};
}

/** The metric of the standard's own library; undefined for SQL, custom checks and words. */
export function metricOf({ type, metric, rule }: Quality): string | undefined {
  return type === undefined || type === 'library' ? (metric ?? rule) : undefined;
}

/** Bounds on the count of rows. */
export function rowsOf(quality: readonly Quality[], lost: string[]): Record<string, unknown> {
  const rows: Record<string, unknown> = {};
  for (const check of quality) {
    if (metricOf(check) !== 'rowCount') continue;
    const bounds = boundsOf(check);
    if (!bounds) lost.push(`quality rowCount: ${JSON.stringify(check)}`);
    else Object.assign(rows, bounds, isWarning(check) ? { severity: severityOf(check) } : {});
  }
  return rows;
}

/** The whole numbers that a check lets through, when they are a range. */
function boundsOf(check: Quality): { minimum?: number; maximum?: number } | undefined {
  const number = (key: string) => (typeof check[key] === 'number' ? (check[key] as number) : undefined);
  const [low, high] = Array.isArray(check.mustBeBetween) ? (check.mustBeBetween as number[]) : [];
  const exact = number('mustBe');
  const above = number('mustBeGreaterThan');
  const below = number('mustBeLessThan');
  const minimum =
    exact ?? low ?? number('mustBeGreaterOrEqualTo') ?? (above === undefined ? undefined : above + 1);
  const maximum =
    exact ?? high ?? number('mustBeLessOrEqualTo') ?? (below === undefined ? undefined : below - 1);
  if (minimum === undefined && maximum === undefined) return undefined;
  return { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) };
}

const RULE_QUERY = /^\s*SELECT\s+count\(\*\)\s+FROM\s+\S+\s+WHERE\s+NOT\s*\(([\s\S]*)\)\s*;?\s*$/i;

/** A query that counts the rows for which something does not hold is a condition on every row. */
export function ruleOf(check: Quality, lost: string[]): object[] {
  if (check.type === 'text') lost.push(`quality "${check.name ?? check.description ?? 'text'}": it is words`);
  if (check.type !== 'sql') return [];
  const condition = RULE_QUERY.exec(check.query ?? '')?.[1];
  const name = (check.name ?? 'rule').replaceAll(/[^A-Za-z0-9_.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  if (condition === undefined || check.mustBe !== 0) {
    lost.push(`quality "${name}": a query that is no condition on every row: ${check.query ?? ''}`);
    return [];
  }
  const tolerance = check.customProperties?.find(({ property }) => property === 'tolerance')?.value;
  return [
    present({
      name,
      description: check.description,
      check: condition,
      severity: isWarning(check) ? severityOf(check) : undefined,
      tolerance,
    }),
  ];
}

function isWarning(check: Quality): boolean {
  return severityOf(check) !== 'error';
}

function severityOf({ severity = 'error' }: Quality): 'error' | 'warning' | 'notice' {
  if (/^warn/i.test(severity)) return 'warning';
  return /^(info|notice|low)/i.test(severity) ? 'notice' : 'error';
}

/** Constraints of one field; what cannot be said in a contract goes to `lost`. */
export function fieldQuality(
  { name, quality, required }: Property,
  type: string,
  lost: string[],
): Record<string, unknown> {
  const found: Record<string, unknown> = {};
  const nulls: { warn?: number; fail?: number } = {};
  for (const check of quality) {
    const { maximum } = boundsOf(check) ?? {};
    const values = check.arguments?.validValues ?? check.validValues;
    switch (metricOf(check)) {
      case 'invalidValues':
        if (Array.isArray(values) && maximum === 0)
          found.enum = type === 'string' ? values.map(String) : values;
        else if (typeof check.arguments?.pattern === 'string' && maximum === 0)
          found.pattern = check.arguments.pattern;
        else lost.push(`${name}: quality ${JSON.stringify(check)}`);
        break;
      case 'nullValues':
      case 'nullCheck':
      case 'missingValues': {
        const share = check.unit === 'percent' ? Number(check.mustBeLessOrEqualTo ?? maximum) / 100 : maximum;
        if (share === 0) found.required = true;
        else if (check.unit === 'percent' && share !== undefined && share <= 1)
          nulls[isWarning(check) ? 'warn' : 'fail'] = Number(share.toPrecision(12));
        else lost.push(`${name}: quality ${JSON.stringify(check)}`);
        break;
      }
      case 'duplicateValues':
      case 'duplicateCount':
        if (maximum === 0) found.unique = true;
        else lost.push(`${name}: quality ${JSON.stringify(check)}`);
        break;
      default:
        if (!(check.type === 'custom' && check.engine === ENGINE))
          lost.push(`${name}: quality ${JSON.stringify(check)}`);
    }
  }
  const isRequired = required || found.required === true;
  return { ...found, ...(Object.keys(nulls).length > 0 && !isRequired ? { nulls } : {}) };
}

/** The parts that there are. */
export function present(parts: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined));
}
