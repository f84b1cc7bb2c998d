import { didYouMean } from '@rastro/document';
import { fault, InputError } from '@rastro/fault';
import type { PolicyVerdict, RuleResult } from './policy-question.ts';
import type { Registry } from './state.ts';

export type PromotionPlan =
  | { readonly kind: 'unchanged'; readonly model: string; readonly version: string; readonly stage: string }
  | {
      readonly kind: 'denied';
      readonly model: string;
      readonly version: string;
      readonly stage: string;
      readonly breaches: readonly RuleResult[];
    }
  | {
      readonly kind: 'promote';
      readonly model: string;
      readonly version: string;
      readonly stage: string;
      /** The commit that the version's tag points at. */
      readonly commit: string;
      /** The version that leaves the stage. */
      readonly replaces: string | null;
    };

/**
 * Decides what a promotion does, and does nothing. A stage that holds the version already is left as it is, whatever the
 * policy says today: nothing would move.
 * @throws InputError when the model or the version is not there, or was deregistered.
 */
export function planPromotion(request: {
  readonly registry: Registry;
  readonly model: string;
  readonly version: string;
  readonly stage: string;
  /** The version that the trail says holds the stage; undefined when it is empty. */
  readonly holder: string | undefined;
  /** Whether the trail says that the version was withdrawn: it is, even where the tag that says so is gone. */
  readonly withdrawn: boolean;
  readonly verdict: PolicyVerdict;
}): PromotionPlan {
  const { registry, model, version, stage, holder, withdrawn, verdict } = request;
  const commit = commitOf({ registry, model, version, withdrawn });
  if (holder === version) return { kind: 'unchanged', model, version, stage };
  if (!verdict.allowed) {
    const breaches = verdict.rules.filter(({ passed, waived }) => !passed && !waived);
    return { kind: 'denied', model, version, stage, breaches };
  }
  return { kind: 'promote', model, version, stage, commit, replaces: holder ?? null };
}

function commitOf({
  registry,
  model,
  version,
  withdrawn,
}: {
  registry: Registry;
  model: string;
  version: string;
  withdrawn: boolean;
}): string {
  const registered = registry.get(model);
  if (!registered) {
    throw new InputError(
      fault(
        'model-unknown',
        `no version of "${model}" was ever released`,
        undefined,
        nearest(model, [...registry.keys()]) ?? 'Release a version first.',
      ),
    );
  }
  const found = registered.versions.find((candidate) => candidate.version === version);
  if (!found) {
    const known = registered.versions.map((candidate) => candidate.version);
    throw new InputError(
      fault(
        'version-unknown',
        `${model} has no version ${version}`,
        undefined,
        nearest(version, known) ?? `Known versions: ${known.join(', ') || 'none'}.`,
      ),
    );
  }
  if (!found.active || withdrawn) {
    throw new InputError(
      fault(
        'version-deregistered',
        `${model} ${version} was deregistered`,
        undefined,
        'Promote a version that stands, or release the file again by a version of its own: "rastro release --version v…".',
      ),
    );
  }
  return found.commit;
}

function nearest(word: string, known: readonly string[]): string | undefined {
  const meant = didYouMean(word, known);
  return meant === undefined ? undefined : `Did you mean "${meant}"?`;
}
