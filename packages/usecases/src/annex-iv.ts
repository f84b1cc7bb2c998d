import type { Contract } from '@rastro/contract';
import type { Project, TrainLock } from '@rastro/lineage';
import type { EvaluationRecord } from '@rastro/metrics';
import type { Policy } from '@rastro/registry';
import type { Block, Section, Text } from '@rastro/report';
import { type Chain, type EntryOf, entryPath, headline, modelState } from '@rastro/trail';
import { figure, short, table } from './report.ts';

/** What a dossier is made from: the deployed version and everything that this clone holds about it. */
export interface Dossier {
  readonly model: string;
  readonly environment: string;
  readonly release: EntryOf<'release'>;
  readonly chain: Chain;
  /** The project, the training lock and the evaluation record as the released commit has them. */
  readonly config: Project['models'][string] | undefined;
  readonly lock: TrainLock | undefined;
  readonly record: EvaluationRecord | undefined;
  readonly monitor: Project['monitor'][string] | undefined;
  readonly contracts: readonly { readonly path: string; readonly contract: Contract }[];
  readonly policy: Policy | undefined;
  readonly card: string | undefined;
}

/** The words under every heading for which there is nothing. */
export const NO_EVIDENCE = 'No evidence in this repository.';

const sentence = (text: Text): Block => ({ kind: 'paragraph', text });
const facts = (items: readonly { label: string; value: Text | undefined }[]): Block[] => {
  const known = items.flatMap(({ label, value }) => (value === undefined ? [] : [{ label, value }]));
  return known.length > 0 ? [{ kind: 'facts', items: known }] : [];
};

/**
 * Technical documentation under the headings of Annex IV of Regulation (EU) 2024/1689, filled with what the repository proves.
 * A point that no record speaks of says so: it is for the provider to write.
 */
export function annexIv(dossier: Dossier): Section[] {
  const points: [string, string, Block[]][] = [
    ['1-a', '1(a) Intended purpose, provider, version and its relation to earlier ones', identity(dossier)],
    ['1-b', '1(b) Interaction with hardware and software that is not part of the system', []],
    ['1-c', '1(c) Versions of software and firmware', programs(dossier)],
    ['1-d', '1(d) Forms in which it is placed on the market or put into service', forms(dossier)],
    ['1-e', '1(e) Hardware on which it is to run', []],
    ['1-f', '1(f) Products of which it is a component', []],
    ['1-g', '1(g) User interface provided to the deployer', interfaceOf(dossier)],
    ['1-h', '1(h) Instructions for use', instructions(dossier)],
    ['2-a', '2(a) Methods and steps of development', development(dossier)],
    ['2-b', '2(b) Design specifications: logic, choices, what is optimised for', design(dossier)],
    ['2-c', '2(c) Architecture and computational resources', []],
    ['2-d', '2(d) Data requirements: training data, provenance, scope, cleaning', data(dossier)],
    ['2-e', '2(e) Assessment of the human oversight measures', oversight(dossier)],
    ['2-f', '2(f) Pre-determined changes and continuous compliance', predetermined(dossier)],
    ['2-g', '2(g) Validation and testing: data, metrics, reports', testing(dossier)],
    ['2-h', '2(h) Cybersecurity measures', integrity(dossier)],
    ['3', '3 Monitoring, functioning and control: accuracy for groups, limitations', groups(dossier)],
    ['4', '4 Appropriateness of the performance metrics', metrics(dossier)],
    ['5', '5 Risk management system (Article 9)', []],
    ['6', '6 Changes made through the lifecycle', lifecycle(dossier)],
    ['7', '7 Harmonised standards and other specifications applied', []],
    ['8', '8 EU declaration of conformity (Article 47)', []],
    ['9', '9 Post-market monitoring system (Article 72)', monitoring(dossier)],
  ];
  return points.map(([id, title, blocks], index) => ({
    id: `annex-iv-${id}`,
    title,
    importance: 90 - index,
    blocks: blocks.length > 0 ? blocks : [sentence(NO_EVIDENCE)],
  }));
}

function identity({ model, release, config, chain, environment }: Dossier): Block[] {
  const versions = [...modelState(chain.entries, model).releases.values()];
  return facts([
    { label: 'Purpose', value: config?.description ?? NO_EVIDENCE },
    { label: 'Provider', value: NO_EVIDENCE },
    { label: 'System', value: `${model} ${release.event.version}, in ${environment}` },
    { label: 'Model file', value: [{ code: release.event.sha256 }] },
    { label: 'Commit', value: [{ code: release.event.commit }] },
    {
      label: 'Versions',
      value: versions.map(({ event, recordedAt }) => `${event.version} (${recordedAt})`).join(', '),
    },
  ]);
}

function programs({ record, lock }: Dossier): Block[] {
  if (!record) return [];
  return facts([
    { label: 'Evaluated by', value: `${record.evaluator.name} ${record.evaluator.version}` },
    ...Object.entries(record.evaluator.versions).map(([label, value]) => ({ label, value })),
    {
      label: 'ONNX opset',
      value: record.signature?.opset == null ? undefined : String(record.signature.opset),
    },
    { label: 'Trained by', value: lock && [{ code: lock.cmd }] },
  ]);
}

function forms({ chain, model }: Dossier): Block[] {
  const deployed = [...modelState(chain.entries, model).deployed.values()];
  return deployed.length === 0
    ? []
    : [
        table(
          ['Environment', 'Version', 'Target', 'Since'],
          deployed.map(({ event, recordedAt }) => [
            event.environment,
            event.version,
            event.target,
            recordedAt,
          ]),
        ),
      ];
}

function interfaceOf({ record }: Dossier): Block[] {
  const { signature } = record ?? {};
  if (!signature) return [];
  const rows = (side: string, list: typeof signature.inputs) =>
    list.map(({ name, type, shape }) => [side, name, type, shape.map((size) => size ?? '?').join(' × ')]);
  return [
    table(
      ['', 'Name', 'Type', 'Shape'],
      [...rows('input', signature.inputs), ...rows('output', signature.outputs)],
    ),
  ];
}

function instructions({ card }: Dossier): Block[] {
  return card === undefined
    ? []
    : [sentence(['In the owner’s model card: ', { code: 'evidence/model-card.md' }])];
}

function development({ lock, chain, release }: Dossier): Block[] {
  const train = chain.entries.findLast(
    ({ entry }) => entry.kind === 'train' && entry.event.sha256 === release.event.sha256,
  )?.entry;
  if (!lock && !train) return [];
  return [
    ...facts([
      { label: 'Command', value: lock && [{ code: lock.cmd }] },
      { label: 'Seed', value: lock && String(lock.seed) },
      { label: 'Code', value: train?.kind === 'train' ? [{ code: train.event.code }] : undefined },
      { label: 'Recorded in', value: train && [{ code: entryPath(train) }] },
      { label: 'Pre-trained parts', value: NO_EVIDENCE },
    ]),
  ];
}

function design({ config, lock, record }: Dossier): Block[] {
  if (!record) return [];
  const params = Object.entries(lock?.params ?? {});
  return [
    ...facts([
      { label: 'Task', value: record.evaluation.task },
      { label: 'Answers', value: config?.target },
      { label: 'Classes', value: record.evaluation.classes?.join(', ') },
      { label: 'Features', value: lock?.features?.join(', ') },
      { label: 'Rationale of the choices', value: NO_EVIDENCE },
    ]),
    ...(params.length > 0
      ? [
          table(
            ['Parameter', 'Value'],
            params.map(([name, value]) => [name, String(value)]),
          ),
        ]
      : []),
  ];
}

function data({ lock, contracts, chain }: Dossier): Block[] {
  if (!lock) return [];
  const known = new Set(lock.data.map(({ sha256 }) => sha256));
  const checks = chain.entries.flatMap(({ entry }) =>
    entry.kind === 'data-check' && entry.event.files.some(({ sha256 }) => known.has(sha256)) ? [entry] : [],
  );
  return [
    table(
      ['Trained on', 'Sha256', ['Bytes', 'right']],
      lock.data.map(({ path, sha256, size }) => [path, [{ code: short(sha256) }], String(size)]),
    ),
    ...(checks.length > 0
      ? [
          table(
            ['Checked', 'Contract', 'Answer', 'Entry'],
            checks.map((entry) => [
              entry.event.dataset,
              entry.event.contract.path,
              entry.event.verdict,
              [{ code: entryPath(entry) }],
            ]),
          ),
        ]
      : [sentence(`Checks of these data: ${NO_EVIDENCE}`)]),
    ...contracts.map(({ path, contract }) =>
      table(
        [`Field in ${path}`, 'Type', 'Description'],
        contract.fields.map((field) => [field.name, field.type ?? '', field.description ?? '']),
      ),
    ),
    sentence(`How the data were collected and labelled: ${NO_EVIDENCE}`),
  ];
}

function oversight({ policy, chain, model, release }: Dossier): Block[] {
  const moves = chain.entries.flatMap(({ entry }) =>
    (entry.kind === 'promote' || entry.kind === 'rollback') &&
    entry.event.model === model &&
    entry.event.version === release.event.version
      ? [entry]
      : [],
  );
  const stages = Object.entries(policy?.stages ?? {});
  return [
    ...(stages.length > 0
      ? [
          table(
            ['Stage', 'From', ['Approvals', 'right'], 'By whom'],
            stages.map(([stage, asked]) => [
              stage,
              asked.from.join(', '),
              String(asked.approvals.min),
              asked.who?.join(', ') ?? 'whoever can push',
            ]),
          ),
        ]
      : []),
    ...moves.map((entry) =>
      sentence([
        `${entry.recordedAt}: ${headline(entry)} by ${entry.event.actor.login}; approved by ${
          entry.event.approvals
            .filter(({ verdict }) => verdict === 'approved')
            .map(({ by }) => by.login)
            .join(', ') || 'nobody at the forge'
        }. `,
        { code: entryPath(entry) },
      ]),
    ),
  ];
}

function predetermined({ monitor }: Dossier): Block[] {
  return monitor?.retrain
    ? [
        sentence(
          'On drift the model is trained again from its locked command; the result goes through the same review and policy.',
        ),
      ]
    : [];
}

function testing({ record, release }: Dossier): Block[] {
  if (!record) return [];
  return [
    ...facts([
      { label: 'Data', value: `${record.data.name}, ${record.evaluation.rows} rows` },
      {
        label: 'Files',
        value: record.data.files.map(({ path, sha256 }) => `${path} (${short(sha256)})`).join(', '),
      },
      { label: 'Record', value: [{ code: release.event.recordSha256 ?? 'none' }] },
      { label: 'Recorded on', value: release.recordedAt },
      { label: 'Recorded by', value: release.recordedBy.login },
    ]),
    metricTable(record.evaluation.metrics),
  ];
}

function metricTable(all: EvaluationRecord['evaluation']['metrics']): Block {
  return table(
    ['Metric', ['Value', 'right'], ['Interval', 'right']],
    Object.entries(all).map(([name, { value, low, high }]) => [
      name,
      figure(value),
      low === null ? '–' : `${figure(low)} to ${figure(high)}`,
    ]),
  );
}

function integrity({ chain }: Dossier): Block[] {
  const signed = chain.entries.filter(({ envelope }) => envelope !== null).length;
  return [
    sentence(
      `The record is a hash chain. Its entries: ${chain.entries.length}; signed: ${signed}. Data, code, model and evaluation are named by digest.`,
    ),
    sentence(`Measures against attacks on the model itself: ${NO_EVIDENCE}`),
  ];
}

function groups({ record }: Dossier): Block[] {
  const judged = record?.evaluation.slices.filter((slice) => slice.judged) ?? [];
  const names = Object.keys(record?.evaluation.metrics ?? {});
  return [
    ...(judged.length > 0
      ? [
          table(
            ['Group', ['Rows', 'right'], ...names],
            judged.map(({ column, value, rows, metrics: own }) => [
              `${column} = ${value}`,
              String(rows),
              ...names.map((name) => figure(own[name]?.value)),
            ]),
          ),
        ]
      : []),
    ...(record?.evaluation.fairness ?? []).map((fair) =>
      sentence(
        `By ${fair.column}: demographic parity difference ${figure(fair.demographic_parity)}, equalised odds difference ${figure(fair.equalized_odds)}.`,
      ),
    ),
    ...(judged.length > 0 ? [sentence(`Foreseeable unintended outcomes: ${NO_EVIDENCE}`)] : []),
  ];
}

function metrics({ policy, record }: Dossier): Block[] {
  const limits = Object.entries(policy?.stages ?? {}).flatMap(([stage, asked]) =>
    Object.entries(asked.evaluation?.metrics ?? {}).map(([name, { min, max, max_drop_vs_stage: drop }]) => [
      stage,
      name,
      [
        min === undefined ? '' : `at least ${min}`,
        max === undefined ? '' : `at most ${max}`,
        drop === undefined ? '' : `at most ${drop} worse than the version before`,
      ]
        .filter((part) => part !== '')
        .join(', '),
    ]),
  );
  if (limits.length === 0 && !record) return [];
  return [
    ...(limits.length > 0 ? [table(['Stage', 'Metric', 'Asked'], limits)] : []),
    sentence(`Why these metrics fit the purpose: ${NO_EVIDENCE}`),
  ];
}

function lifecycle({ chain, model }: Dossier): Block[] {
  const kinds = new Set(['release', 'promote', 'rollback', 'deploy']);
  const entries = chain.entries.filter(
    ({ entry }) => kinds.has(entry.kind) && 'model' in entry.event && entry.event.model === model,
  );
  return [
    table(
      ['When', 'What', 'Who', 'Entry'],
      entries.map(({ entry }) => [
        entry.recordedAt,
        headline(entry),
        entry.recordedBy.login,
        [{ code: entryPath(entry) }],
      ]),
    ),
  ];
}

function monitoring({ monitor, chain, model }: Dossier): Block[] {
  const checks = chain.entries.flatMap(({ entry }) =>
    entry.kind === 'drift' && entry.event.model === model ? [entry] : [],
  );
  return [
    ...(monitor
      ? [sentence(`Rows of ${monitor.data} are compared with those that the version was trained on.`)]
      : []),
    ...(checks.length > 0
      ? [
          table(
            ['When', 'Version', 'Data', 'Answer'],
            checks.map(({ recordedAt, event }) => [recordedAt, event.version, event.dataset, event.verdict]),
          ),
        ]
      : []),
  ];
}
