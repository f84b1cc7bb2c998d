import type { Document } from '@rastro/document';
import type {
  CheckedFile,
  CheckPlan,
  CheckSource,
  PlannedReference,
  PlannedRule,
  TableFormat,
  Unasked,
} from './check-plan.ts';
import { fieldChecks } from './field-checks.ts';
import { Contract } from './schema.ts';
import { freshnessChecks, keyChecks, keyFields, ruleCheck, tableChecks } from './table-checks.ts';

/** What a plan is made from, besides the contract. */
export interface PlanRequest {
  readonly files: readonly CheckedFile[];
  /** Default: the contract's, else what the first file's name ends with. */
  readonly format?: TableFormat;
  /** Milliseconds since the epoch, for freshness; without it freshness is not asked. */
  readonly now?: number;
  /** Rows of the data that this data replaces, for the change in rows. */
  readonly referenceRows?: number;
  /** The dataset of each foreign key, in the order of the contract: its files, and its own contract if it has one. */
  readonly references?: readonly { readonly files: readonly CheckedFile[]; readonly contract?: Contract }[];
  /** Offenders to tell for each rule. Default 20, at most 100,000. */
  readonly limit?: number;
}

const MAX_LIMIT = 100_000;

/** Compiles a contract into the checks to run over files. */
export function planChecks(document: Document<Contract>, request: PlanRequest): CheckPlan {
  const { value: contract } = document;
  return {
    contract: document.file,
    source: sourceOf(contract.source, request),
    fields: contract.fields,
    extraColumns: contract.extraColumns,
    columnOrder: contract.columnOrder,
    primaryKey: keyFields(contract),
    checks: [
      ...contract.fields.flatMap((field, index) => fieldChecks(document, field, index)),
      ...keyChecks(document),
      ...contract.rules.map((_, index) => ruleCheck(document, index)),
      ...tableChecks(document, request.referenceRows),
      ...freshnessChecks(document, request.now),
    ],
    unasked: unaskedOf(document, request),
    rules: contract.rules.map(
      (rule, index): PlannedRule => ({
        check: `rules.${rule.name}`,
        expression: rule.check,
        place: document.placeOf(['rules', index, 'check']),
      }),
    ),
    references: contract.foreignKeys.map((key, index): PlannedReference => {
      const { files, contract: other } = request.references?.[index] ?? { files: [] };
      return {
        source: sourceOf(other?.source ?? USUAL_SOURCE, { files }),
        columns: [key.reference.fields].flat(),
        fields: [key.fields].flat().map((name) => contract.fields.findIndex((field) => field.name === name)),
        declared: other?.fields,
      };
    }),
    limit: Math.min(request.limit ?? 20, MAX_LIMIT),
    places: {
      source: document.placeOfKey(['source']),
      fields: document.placeOfKey(['fields']),
      field: contract.fields.map((_, index) => document.placeOf(['fields', index, 'name'])),
    },
  };
}

/** How a file is read whose contract does not say, or that has none. */
const USUAL_SOURCE = Contract.shape.source.parse({});

function unaskedOf(document: Document<Contract>, { referenceRows }: PlanRequest): Unasked[] {
  const { rows } = document.value;
  if (rows?.maxDecrease === undefined && rows?.maxIncrease === undefined) return [];
  if (referenceRows !== undefined) return [];
  return [
    {
      id: 'rows.change',
      kind: 'rows',
      columns: [],
      expected: 'about as many rows as the reference',
      severity: rows.severity,
      place: document.placeOfKey(['rows', rows.maxDecrease === undefined ? 'maxIncrease' : 'maxDecrease']),
      note: 'there is no reference: no base, or none whose rows are known',
    },
  ];
}

function sourceOf(source: Contract['source'], request: PlanRequest): CheckSource {
  const format = request.format ?? source.format ?? formatOf(request.files);
  return {
    files: request.files,
    format,
    delimiter: source.delimiter ?? (format === 'tsv' ? '\t' : ','),
    quote: source.quote,
    comment: source.comment,
    encoding: source.encoding,
    header: source.header,
    trim: source.trim,
    missingValues: source.missingValues,
  };
}

/** The format that a file's name tells. Whatever is unknown is read as CSV. */
function formatOf(files: readonly CheckedFile[]): TableFormat {
  const ending = /\.(\w+)(\.gz)?$/i.exec(files[0]?.path ?? '')?.[1]?.toLowerCase();
  switch (ending) {
    case 'tsv':
    case 'json':
    case 'jsonl':
    case 'parquet':
      return ending;
    case 'ndjson':
      return 'jsonl';
    case 'pq':
      return 'parquet';
    default:
      return 'csv';
  }
}
