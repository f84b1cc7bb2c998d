import { z } from 'zod';

const Severity = z.enum(['error', 'warning', 'notice']);
/** What a severity does, for every key that takes one. */
const SEVERITY =
  'an error fails the check, a warning does where the check is run with "severity: warning", a notice never does.';
const Share = z.number().min(0).max(1);
const Bound = z.union([z.number(), z.string().min(1)]);
const Columns = z.union([z.string(), z.array(z.string()).min(1)]);
const OneCharacter = z
  .string()
  .refine((text) => text.length === 1 && text.charCodeAt(0) < 128 && !/[\r\n\0]/.test(text), {
    message: 'give one ASCII character, which is no line end',
  });

const Duration = z
  .string()
  .regex(/^[1-9][0-9]*(m|h|d|w)$/, 'give a whole number and a unit: 30m, 12h, 7d or 2w');

const Range = z
  .strictObject({
    minimum: z.number().optional().describe('Lowest value that passes.'),
    maximum: z.number().optional().describe('Highest value that passes.'),
  })
  .refine((range) => range.minimum !== undefined || range.maximum !== undefined, {
    message: 'give "minimum", "maximum" or both',
  });

const Quantile = z
  .strictObject({
    at: z.number().min(0).max(1).describe('Which quantile: 0.5 is the median.'),
    minimum: z.number().optional().describe('Lowest value that passes.'),
    maximum: z.number().optional().describe('Highest value that passes.'),
  })
  .describe('Bounds of one quantile.');

const Statistics = z
  .strictObject({
    mean: Range.optional().describe('Bounds of the mean.'),
    std: Range.optional().describe('Bounds of the sample standard deviation.'),
    sum: Range.optional().describe('Bounds of the sum.'),
    distinct: Range.optional().describe('Bounds of the number of distinct values.'),
    quantiles: z.array(Quantile).min(1).optional().describe('Bounds of quantiles, exact.'),
  })
  .describe('What the column as a whole must look like.');

export const FieldType = z.enum([
  'string',
  'integer',
  'number',
  'boolean',
  'date',
  'datetime',
  'time',
  'any',
]);
export type FieldType = z.output<typeof FieldType>;

const Field = z
  .strictObject({
    name: z.string().describe('Column name, exactly as the header has it.'),
    title: z.string().optional().describe('Name for people.'),
    description: z.string().optional().describe('What the column says.'),
    type: FieldType.default('string').describe(
      'What every value must be. Strict: 2.5 and 0x1F are no integers, 2024/01/05 is no date.',
    ),
    format: z
      .enum(['email', 'uri', 'uuid'])
      .optional()
      .describe('A well-known shape that every text must have.'),
    required: z.boolean().default(false).describe('No value may be missing.'),
    nulls: z
      .strictObject({
        warn: Share.optional().describe('Share of missing values above which to warn.'),
        fail: Share.optional().describe('Share of missing values above which the check fails.'),
      })
      .optional()
      .describe('How many values may be missing, as a share of the rows.'),
    unique: z.boolean().default(false).describe('No value may come twice.'),
    minimum: Bound.optional().describe(
      'Lowest value that passes: a number, or a date or time as a text, such as 2024-01-31.',
    ),
    maximum: Bound.optional().describe('Highest value that passes, written as the lowest is.'),
    exclusiveMinimum: Bound.optional().describe('Every value must be above this.'),
    exclusiveMaximum: Bound.optional().describe('Every value must be below this.'),
    minLength: z.number().int().nonnegative().optional().describe('Fewest characters of a text.'),
    maxLength: z.number().int().nonnegative().optional().describe('Most characters of a text.'),
    pattern: z
      .string()
      .min(1)
      .optional()
      .describe('Regular expression (RE2) that the whole text must match.'),
    enum: z
      .array(z.union([z.string(), z.number(), z.boolean()]))
      .min(1)
      .optional()
      .describe('The only values that pass, written as the type has them.'),
    trimmed: z.boolean().default(false).describe('No text may begin or end with white space.'),
    trueValues: z
      .array(z.string())
      .min(1)
      .default(['true', 'True', 'TRUE', '1'])
      .describe('Texts that mean true.'),
    falseValues: z
      .array(z.string())
      .min(1)
      .default(['false', 'False', 'FALSE', '0'])
      .describe('Texts that mean false.'),
    decimalChar: OneCharacter.default('.').describe('Decimal separator of numbers.'),
    groupChar: OneCharacter.optional().describe('Thousands separator of numbers. Default: none is allowed.'),
    statistics: Statistics.optional(),
    sensitive: z
      .union([z.boolean(), z.literal('allowed')])
      .default(false)
      .describe(
        'true: personal data, whose values are never shown. "allowed": looks like personal data, and may be here.',
      ),
    severity: Severity.default('error').describe(`What a breach of this field is: ${SEVERITY}`),
    tolerance: Share.default(0).describe('Share of the rows that may break a constraint of this field.'),
  })
  .describe('One column.');

const Source = z
  .strictObject({
    path: z
      .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
      .optional()
      .describe(
        'File, or globs of files, relative to the repository. Folders such as year=2024 are columns, for the fields that files do not have themselves. Default: the path of the dataset in rastro.yaml.',
      ),
    format: z
      .enum(['csv', 'tsv', 'jsonl', 'json', 'parquet'])
      .optional()
      .describe(
        'Format of the files; all but Parquet may be compressed with gzip. Default: what the file name ends with.',
      ),
    delimiter: OneCharacter.optional().describe('What separates fields. Default: a comma, or a tab in TSV.'),
    quote: OneCharacter.default('"').describe('What encloses a field; doubled, it stands for itself.'),
    comment: OneCharacter.optional().describe(
      'A line that begins with this is skipped. Default: no line is.',
    ),
    encoding: z
      .enum(['utf-8', 'utf-16', 'utf-16le', 'utf-16be', 'latin-1', 'windows-1252'])
      .default('utf-8')
      .describe('Encoding of the text.'),
    header: z
      .boolean()
      .default(true)
      .describe('The first record names the columns. Without, fields go by position.'),
    trim: z.boolean().default(false).describe('White space around a field is not part of its value.'),
    missingValues: z
      .array(z.string())
      .default([''])
      .describe(
        'Texts that stand for a missing value. Without "" in it an empty field is an empty text. They are held against texts: a typed value, as in Parquet, is missing where it is null.',
      ),
  })
  .describe('Where the data is and how it is read.');

const Rule = z
  .strictObject({
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]*$/, 'use letters, digits, "-", "_" and "."')
      .describe('Name of the rule, unique in the contract.'),
    description: z.string().optional().describe('What the rule asks for, in words.'),
    check: z
      .string()
      .min(1)
      .describe('SQL expression over one row that must not be false; where it is null the row passes.'),
    severity: Severity.default('error').describe(`What a breach is: ${SEVERITY}`),
    tolerance: Share.default(0).describe('Share of the rows that may break the rule.'),
  })
  .describe('A condition on every row.');

const Rows = z
  .strictObject({
    minimum: z.number().int().nonnegative().optional().describe('Fewest rows.'),
    maximum: z.number().int().nonnegative().optional().describe('Most rows.'),
    maxDecrease: Share.optional().describe('Largest loss of rows against the reference, as a share of it.'),
    maxIncrease: z
      .number()
      .nonnegative()
      .optional()
      .describe('Largest gain of rows against the reference, as a share of it.'),
    unique: z.boolean().default(false).describe('No row may come twice.'),
    severity: Severity.default('error').describe(`What a breach is: ${SEVERITY}`),
  })
  .describe('The table as a whole.');

const ForeignKey = z
  .strictObject({
    fields: Columns.describe('Columns here.'),
    reference: z
      .strictObject({
        path: z
          .union([z.string().min(1), z.array(z.string().min(1)).min(1)])
          .optional()
          .describe('File, or globs of files, relative to the repository. Default: those of its contract.'),
        contract: z
          .string()
          .min(1)
          .optional()
          .describe('The contract of that dataset, which says how its files are read.'),
        fields: Columns.describe('Columns there, in the same order.'),
      })
      .refine((reference) => reference.path !== undefined || reference.contract !== undefined, {
        message: 'give "path", "contract" or both',
      })
      .describe('Where every value must be found.'),
    severity: Severity.default('error').describe(`What a breach is: ${SEVERITY}`),
    tolerance: Share.default(0).describe('Share of the rows that may break the rule.'),
  })
  .describe('Values that must be found in another dataset.');

/** The schema of `contracts/<name>.yaml`. */
export const Contract = z
  .strictObject({
    name: z.string().min(1).optional().describe('Name of the dataset.'),
    version: z
      .string()
      .regex(/^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/, 'give a version such as "1.0.0"')
      .default('1.0.0')
      .describe('Semantic version of the promise; a breaking change raises the first number.'),
    description: z.string().optional().describe('What a row of the data is.'),
    owner: z.string().optional().describe('Who answers for the data.'),
    source: Source.prefault({}),
    fields: z.array(Field).min(1).describe('The columns.'),
    extraColumns: z
      .enum(['allow', 'warn', 'forbid'])
      .default('warn')
      .describe('What columns are that the contract does not name.'),
    columnOrder: z
      .enum(['any', 'exact'])
      .default('any')
      .describe('"exact": the columns must come in the order of the fields.'),
    primaryKey: Columns.optional().describe(
      'Columns that together tell every row apart; none may be missing.',
    ),
    foreignKeys: z.array(ForeignKey).default([]).describe('Values that must be found in other datasets.'),
    rows: Rows.optional(),
    rules: z.array(Rule).default([]).describe('Conditions on every row.'),
    freshness: z
      .strictObject({
        field: z.string().describe('A date or datetime column.'),
        maxAge: Duration.describe('How old the newest value may be: 30m, 12h, 7d, 2w.'),
        severity: Severity.default('error').describe(`What a breach is: ${SEVERITY}`),
      })
      .optional()
      .describe('How recent the newest row must be.'),
  })
  .describe('A data contract: what a dataset promises.');
export type Contract = z.output<typeof Contract>;
export type ContractField = Contract['fields'][number];
