import { stringify } from 'yaml';
import type { OwnersCard } from './owners-card.ts';
import type { ReleasedVersion } from './released-version.ts';
import { figure, short } from './report.ts';

/** Pipeline tags of the Hugging Face hub for the tasks that we know. */
const PIPELINE = {
  binary: 'tabular-classification',
  multiclass: 'tabular-classification',
  regression: 'tabular-regression',
} as const;

const BEGIN = '<!-- rastro:evidence -->';
const END = '<!-- /rastro:evidence -->';

/**
 * A model card: front matter as the Hugging Face hub reads it, the owner's text as it is, and the evidence. The owner's front
 * matter stays, but for what is measured. Evidence goes where the owner put the markers, else at the end.
 */
export function modelCard(released: ReleasedVersion): string {
  const { front, body } = released.card;
  const head = stringify({ ...front, ...frontMatter(released, front) }, { lineWidth: 0 });
  const evidence = `${BEGIN}\n${evidenceText(released)}\n${END}`;
  const [start, end] = [body.indexOf(BEGIN), body.indexOf(END)];
  const text =
    start >= 0 && end > start
      ? `${body.slice(0, start)}${evidence}${body.slice(end + END.length)}`
      : `${body.trim() || defaultText(released)}\n\n${evidence}\n`;
  return `---\n${head}---\n\n${text.trimStart()}`;
}

function frontMatter({ model, version, evidence }: ReleasedVersion, owner: OwnersCard['front']) {
  const { evaluation, data } = evidence.record;
  const task = PIPELINE[evaluation.task];
  const metrics = Object.entries(evaluation.metrics)
    .filter(([, { value }]) => value !== null)
    .map(([name, { value }]) => ({ type: name, value, name }));
  return {
    pipeline_tag: owner.pipeline_tag ?? task,
    tags: [...new Set([...(Array.isArray(owner.tags) ? owner.tags : []), 'onnx', 'rastro'])],
    'model-index': [
      {
        name: `${model.name} ${version}`,
        results:
          metrics.length > 0
            ? [
                {
                  task: { type: task },
                  dataset: { type: 'tabular', name: data.name, revision: data.files[0]?.sha256 ?? '' },
                  metrics,
                },
              ]
            : [],
      },
    ],
  };
}

function defaultText({ model }: ReleasedVersion): string {
  return `# ${model.name}\n\n${model.config.description ?? 'The owner of this model has not described it.'}\n\n## Intended use\n\nThe owner of this model has not stated it.`;
}

function evidenceText(released: ReleasedVersion): string {
  const { model, version, tag, commit, evidence, releasedAt } = released;
  const { record, lock, checks, sha256, recordSha256 } = evidence;
  const { evaluation, data, signature } = record;
  const judged = evaluation.slices.filter((slice) => slice.judged);
  const names = Object.keys(evaluation.metrics);
  return [
    '## Model details',
    '',
    ...facts([
      ['Version', `${version} (tag \`${cell(tag)}\`, commit \`${short(commit)}\`, ${releasedAt})`],
      ['Task', `${evaluation.task}; answers \`${cell(model.config.target)}\``],
      ['File', `ONNX, ${evidence.size} bytes, sha256 \`${sha256}\``],
      [
        'Inputs',
        signature
          ? signature.inputs.map(({ name, type }) => `\`${cell(name)}\` ${cell(type)}`).join(', ')
          : 'not recorded',
      ],
      ['Classes', evaluation.classes?.map((name) => cell(name)).join(', ') ?? 'none'],
    ]),
    '',
    '## Training',
    '',
    ...(lock
      ? facts([
          ['Made by', `\`${cell(lock.cmd)}\`, seed ${lock.seed}`],
          [
            'Parameters',
            Object.entries(lock.params)
              .map(([name, value]) => `${cell(name)} = ${cell(String(value))}`)
              .join(', ') || 'none',
          ],
          ['Features', lock.features?.map((name) => cell(name)).join(', ') ?? 'not recorded'],
          ['Data', lock.data.map(({ path, sha256: id }) => `\`${cell(path)}\` (${short(id)})`).join(', ')],
        ])
      : ['No evidence: what made this model is not recorded.']),
    '',
    ...(checks.length > 0
      ? checks.map(
          ({ dataset, contract, rows, verdict }) =>
            `- Dataset ${cell(dataset)}: ${rows} rows, ${verdict === 'pass' ? 'keeps' : 'breaks'} \`${cell(contract.path)}\` (${short(contract.sha256)}).`,
        )
      : ['No evidence: the training data was not checked against a contract.']),
    '',
    '## Evaluation',
    '',
    `On ${evaluation.rows} rows of ${cell(data.name)}, record \`${short(recordSha256)}\`.`,
    '',
    '| Metric | Value | Interval |',
    '| --- | --- | --- |',
    ...Object.entries(evaluation.metrics).map(
      ([name, { value, low, high }]) =>
        `| ${cell(name)} | ${figure(value)} | ${low === null ? '–' : `${figure(low)} to ${figure(high)}`} |`,
    ),
    '',
    ...(judged.length > 0
      ? [
          `| Slice | Rows | ${names.map(cell).join(' | ')} |`,
          `| --- | --- | ${names.map(() => '---').join(' | ')} |`,
          ...judged.map(
            ({ column, value, rows, metrics }) =>
              `| ${cell(column)} = ${cell(value)} | ${rows} | ${names.map((name) => figure(metrics[name]?.value)).join(' | ')} |`,
          ),
        ]
      : ['No evidence: no slices were judged.']),
  ].join('\n');
}

function facts(rows: readonly (readonly [string, string])[]): string[] {
  return rows.map(([label, value]) => `- **${label}:** ${value}`);
}

/** Text of a project inside a table or a sentence: no markup of its own, on one line. */
function cell(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/[\\`*_[\]<>|#]/g, (sign) => `\\${sign}`)
    .replaceAll('@', '@\u200b');
}
