import type { Document } from '@rastro/document';
import type { Severity } from '@rastro/fault';
import type { Check } from './check-plan.ts';
import { mentionsOf } from './expression.ts';
import type { Contract } from './schema.ts';
import * as sql from './sql.ts';
import { type Bounds, countWords } from './statistic-checks.ts';

/** Positions of the fields of the primary key. */
export function keyFields({ primaryKey, fields }: Contract): number[] {
  return [primaryKey ?? []].flat().map((name) => fields.findIndex((field) => field.name === name));
}

/** What keys promise: no one twice, and each of another dataset there. */
export function keyChecks(document: Document<Contract>): Check[] {
  const { value: contract } = document;
  const position = (name: string) => contract.fields.findIndex((field) => field.name === name);
  const checks: Check[] = [];
  if (contract.primaryKey !== undefined) {
    const fields = keyFields(contract);
    const common = { needs: fields, severity: 'error' as Severity, place: document.placeOf(['primaryKey']) };
    const limits = { warn: undefined, fail: 0 };
    checks.push(
      {
        ...common,
        id: 'primaryKey.required',
        kind: 'primary-key',
        expected: 'a value in every column of the primary key',
        ask: {
          how: 'row',
          broken: sql.any(fields.map((index) => `_t${index} IS NULL`)),
          shows: fields,
          limits,
          value: { test: 'present' },
        },
      },
      {
        ...common,
        id: 'primaryKey.unique',
        kind: 'primary-key',
        expected: 'no primary key twice',
        ask: { how: 'key', fields, limits },
      },
    );
  }
  contract.foreignKeys.forEach((key, index) => {
    const fields = [key.fields].flat().map(position);
    checks.push({
      id: `foreignKeys.${index}`,
      kind: 'foreign-key',
      needs: fields,
      expected: `found in ${[key.reference.path ?? key.reference.contract ?? []].flat().join(', ')}`,
      severity: key.severity,
      place: document.placeOf(['foreignKeys', index]),
      ask: { how: 'reference', fields, reference: index, limits: { warn: undefined, fail: key.tolerance } },
    });
  });
  return checks;
}

/** A rule over each row. */
export function ruleCheck(document: Document<Contract>, index: number): Check {
  const { rules, fields } = document.value;
  const rule = rules[index]!;
  const names = fields.map(({ name }) => name);
  const needs = mentionsOf(rule.check, names).columns.map((name) => names.indexOf(name));
  return {
    id: `rules.${rule.name}`,
    kind: 'row',
    needs,
    expected: rule.description ?? rule.check,
    severity: rule.severity,
    place: document.placeOf(['rules', index, 'check']),
    // The line break ends a comment that the expression may end with.
    ask: {
      how: 'row',
      broken: `NOT (${rule.check}\n)`,
      shows: needs,
      limits: { warn: undefined, fail: rule.tolerance },
    },
  };
}

/** How many rows there are, and that none is there twice. */
export function tableChecks(document: Document<Contract>, referenceRows: number | undefined): Check[] {
  const { rows } = document.value;
  if (!rows) return [];
  const { minimum, maximum, maxDecrease, maxIncrease, severity } = rows;
  const measured = (id: string, key: string, expected: string, bounds: Bounds): Check => ({
    id,
    kind: 'rows',
    needs: [],
    expected,
    severity,
    place: document.placeOfKey(['rows', key]),
    ask: { how: 'measure', measure: 'count(*)', minimum: bounds.minimum, maximum: bounds.maximum },
  });
  const checks: Check[] = [];
  if (minimum !== undefined || maximum !== undefined) {
    const bounds = { minimum, maximum };
    checks.push(
      measured(
        'rows.count',
        minimum === undefined ? 'maximum' : 'minimum',
        countWords(bounds, 'row'),
        bounds,
      ),
    );
  }
  if (referenceRows !== undefined && (maxDecrease !== undefined || maxIncrease !== undefined)) {
    const bounds = {
      minimum: maxDecrease === undefined ? undefined : referenceRows * (1 - maxDecrease),
      maximum: maxIncrease === undefined ? undefined : referenceRows * (1 + maxIncrease),
    };
    checks.push(
      measured(
        'rows.change',
        maxDecrease === undefined ? 'maxIncrease' : 'maxDecrease',
        `${countWords(bounds, 'row')}, where the reference has ${referenceRows}`,
        bounds,
      ),
    );
  }
  if (rows.unique) {
    checks.push({
      id: 'rows.unique',
      kind: 'unique',
      needs: [],
      expected: 'no row twice',
      severity,
      place: document.placeOfKey(['rows', 'unique']),
      ask: { how: 'key', fields: undefined, limits: { warn: undefined, fail: 0 } },
    });
  }
  return checks;
}

const UNIT_MILLISECONDS = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** How old the newest row may be at `now`, in milliseconds since the epoch. */
export function freshnessChecks(document: Document<Contract>, now: number | undefined): Check[] {
  const { freshness, fields } = document.value;
  if (!freshness || now === undefined) return [];
  const index = fields.findIndex(({ name }) => name === freshness.field);
  const unit = freshness.maxAge.at(-1) as keyof typeof UNIT_MILLISECONDS;
  const age = Number(freshness.maxAge.slice(0, -1)) * UNIT_MILLISECONDS[unit];
  return [
    {
      id: 'freshness',
      kind: 'freshness',
      needs: [index],
      expected: `the newest row at most ${freshness.maxAge} old`,
      severity: freshness.severity,
      place: document.placeOf(['freshness', 'maxAge']),
      ask: { how: 'newest', measure: `epoch_ms(max(_v${index})::TIMESTAMP)`, notBefore: now - age },
    },
  ];
}
