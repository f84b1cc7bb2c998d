import type { LockedFile } from '@rastro/lineage';
import type { Section } from '@rastro/report';
import type { ModelEvidence } from './evidence.ts';
import { change, short, table } from './report.ts';

/** What is known of the version before: its record, and what it was trained from when that is known. */
export type PreviousVersion = Pick<ModelEvidence, 'record' | 'lock'> & { readonly version: string };

/** What changed since the version before, in data, parameters and metrics; undefined for a first version. */
export function changesSince(
  previous: PreviousVersion | undefined,
  { record, lock }: Pick<ModelEvidence, 'record' | 'lock'>,
): Section | undefined {
  if (!previous) return undefined;
  const data = [
    ...fileChanges('training', previous.lock?.data ?? [], lock?.data ?? []),
    ...fileChanges('evaluation', previous.record.data.files, record.data.files),
  ];
  const code = fileChanges('dependency', previous.lock?.deps ?? [], lock?.deps ?? []);
  const params = paramChanges(previous.lock?.params ?? previous.record.params, lock?.params ?? record.params);
  const [before, after] = [previous.record.evaluation.metrics, record.evaluation.metrics];
  const metrics = [...new Set([...Object.keys(before), ...Object.keys(after)])].map((name) => {
    const [old, now] = [before[name]?.value ?? null, after[name]?.value ?? null];
    const told = change(old, now, old === null || now === null ? null : now - old);
    return [name, told.before, told.after, told.difference];
  });
  const list = (title: string, items: readonly string[]) => [
    { kind: 'paragraph' as const, text: [{ strong: title }] },
    { kind: 'list' as const, items: items.length > 0 ? [...items] : ['no change'] },
  ];
  return {
    id: 'changes',
    title: `Changes since ${previous.version}`,
    importance: 70,
    blocks: [
      ...list('Data', data),
      ...list('Parameters', params),
      ...(code.length > 0 ? list('Code that training reads', code) : []),
      table(['Metric', ['Before', 'right'], ['After', 'right'], ['Difference', 'right']], metrics),
    ],
  };
}

type Digested = Pick<LockedFile, 'path' | 'sha256'>;

function fileChanges(what: string, before: readonly Digested[], after: readonly Digested[]): string[] {
  const old = new Map(before.map(({ path, sha256 }) => [path, sha256]));
  const now = new Map(after.map(({ path, sha256 }) => [path, sha256]));
  return [...new Set([...old.keys(), ...now.keys()])].sort().flatMap((path) => {
    const [was, is] = [old.get(path), now.get(path)];
    if (was === is) return [];
    if (was === undefined) return [`${what} file ${path} is new`];
    if (is === undefined) return [`${what} file ${path} is gone`];
    return [`${what} file ${path} changed from ${short(was)} to ${short(is)}`];
  });
}

type Params = Readonly<Record<string, string | number | boolean | null>>;

function paramChanges(before: Params, after: Params): string[] {
  const show = (value: Params[string] | undefined) =>
    value === undefined ? 'not set' : JSON.stringify(value);
  return [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .filter((name) => before[name] !== after[name])
    .map((name) => `${name} was ${show(before[name])} and is ${show(after[name])}`);
}
