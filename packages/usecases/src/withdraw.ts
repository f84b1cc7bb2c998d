import { fault, InputError } from '@rastro/fault';
import { formatTagName, type RegisteredModel, type RegistryTag, registryState } from '@rastro/registry';
import { modelState } from '@rastro/trail';
import { z } from 'zod';
import { modelName } from './model-name.ts';
import type { Outcome } from './outcome.ts';
import type { Ports, Tag } from './ports/index.ts';
import { report } from './report.ts';
import { onTrail, type TrailPorts } from './trail.ts';

const reason = z.string().min(1).describe('Why, in a sentence that an auditor understands.');

export const DeregisterRequest = z.strictObject({
  model: z
    .string()
    .optional()
    .describe('Model whose version is withdrawn. Default: the only one in rastro.yaml.'),
  version: z.string().min(1).describe('Version to withdraw; it cannot be promoted any more.'),
  reason,
});
export type DeregisterRequest = z.output<typeof DeregisterRequest>;

export const DeprecateRequest = z.strictObject({
  model: z
    .string()
    .optional()
    .describe('Model that is not used any more. Default: the only one in rastro.yaml.'),
  reason,
});
export type DeprecateRequest = z.output<typeof DeprecateRequest>;

export interface WithdrawRecord {
  readonly model: string;
  readonly version: string | null;
  readonly tag: string | null;
  readonly status: 'withdrawn' | 'unchanged';
}

type WithdrawPorts = TrailPorts & Pick<Ports, 'workspace'>;

/**
 * Withdraws a version by a tag of its own, together with a note on the trail; the version's own tag stays.
 * @throws InputError when there is no such version, or it holds a stage.
 */
export async function deregister(
  request: DeregisterRequest,
  ports: WithdrawPorts,
): Promise<Outcome<WithdrawRecord>> {
  const model = await modelName(request.model, ports);
  const { version } = request;
  const record = await withdraw(model, version, request.reason, ports, (registered, holds) => {
    const found = registered?.versions.find((each) => each.version === version && each.registered);
    if (!found) throw unknown(`${model} has no version ${version}`);
    if (holds.length > 0) {
      throw new InputError(
        fault(
          'version-in-use',
          `${model} ${version} holds ${holds.join(', ')}`,
          undefined,
          'Roll back or promote another version first.',
        ),
      );
    }
    return found.active ? { target: found.commit, tag: { action: 'deregister', model, version } } : undefined;
  });
  return told('deregister', record, `${model} ${version} is withdrawn`);
}

/** Says that a model is not used any more. Releasing or promoting it again takes that back. @throws InputError when there is no such model. */
export async function deprecate(
  request: DeprecateRequest,
  ports: WithdrawPorts,
): Promise<Outcome<WithdrawRecord>> {
  const model = await modelName(request.model, ports);
  const record = await withdraw(model, null, request.reason, ports, (registered) => {
    if (!registered) throw unknown(`no version of "${model}" was ever released`);
    const target = registered.versions.at(-1)?.commit ?? registered.events.at(-1)!.tag.commit;
    return registered.active ? { target, tag: { action: 'deprecate', model } } : undefined;
  });
  return told('deprecate', record, `${model} is deprecated`);
}

async function withdraw(
  model: string,
  version: string | null,
  why: string,
  ports: WithdrawPorts,
  plan: (
    registered: RegisteredModel | undefined,
    holds: string[],
  ) => { target: string; tag: RegistryTag } | undefined,
): Promise<WithdrawRecord> {
  const repository = await ports.repository();
  return onTrail<WithdrawRecord>(ports, async ({ chain }) => {
    const tags = await repository.tags();
    const { stages } = modelState(chain.entries, model);
    const holds = [...stages].filter(([, holding]) => holding.version === version).map(([stage]) => stage);
    const registered = registryState(tags).get(model);
    const planned = plan(registered, holds);
    if (!planned) return { done: { model, version, tag: null, status: 'unchanged' as const } };
    const name = freeName(planned.tag, tags, registered!.nextCounter);
    const what = version === null ? `${model} is deprecated` : `${model} ${version} is deregistered`;
    const event = { skips: [], reason: `${what}: ${why}`, withdraws: { model, version } };
    return {
      append: {
        tags: [{ name, target: planned.target, message: `${what}\n\n${why}` }],
        events: () => [{ kind: 'annotate' as const, event }],
      },
      result: () => ({ model, version, tag: name, status: 'withdrawn' as const }),
    };
  });
}

/** A name with a counter when the plain one is taken: something withdrawn, taken up and withdrawn again. */
function freeName(tag: RegistryTag, tags: readonly Tag[], counter: number): string {
  const plain = formatTagName(tag);
  return tags.some(({ name }) => name === plain) ? formatTagName({ ...tag, counter }) : plain;
}

function unknown(message: string): InputError {
  return new InputError(
    fault('version-unknown', message, undefined, 'See what there is with "rastro registry show".'),
  );
}

function told(verb: string, record: WithdrawRecord, sentence: string): Outcome<WithdrawRecord> {
  const already = record.status === 'unchanged' ? ' already' : '';
  return {
    status: 'pass',
    reports: [report(verb, record.model, { status: 'pass', sentence: `${sentence}${already}.` })],
    record,
  };
}
