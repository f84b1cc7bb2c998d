import { stagesOfWithdrawn } from '@rastro/registry';
import { type ModelState, modelState } from '@rastro/trail';
import type { Check, Patient } from './doctor-patient.ts';

/** Versions that were withdrawn, by the trail or by a tag of another program, where a stage or an environment still has them. */
export function withdrawnChecks({ chain, registry }: Patient): Check[] {
  const released = chain.entries.flatMap(({ entry }) =>
    entry.kind === 'release' ? [entry.event.model] : [],
  );
  return [...new Set([...released, ...registry.keys()])].flatMap((model) => {
    const state = modelState(chain.entries, model);
    const registered = registry.get(model);
    const byTag = new Set(registered?.versions.flatMap(({ version, active }) => (active ? [] : [version])));
    const isWithdrawn = (version: string) => state.withdrawn.has(version) || byTag.has(version);
    const places = [
      ...holdingsOf(state),
      ...(registered ? stagesOfWithdrawn(registered) : []).map(({ stage, version }) => ({
        id: stage,
        version,
        what: `holds the stage ${stage}`,
        next: `Promote another version: rastro promote ${model} ${stage}.`,
      })),
    ].filter(({ version }) => isWithdrawn(version));
    const distinct = new Map(places.map((place) => [`${place.version} ${place.what}`, place]));
    return [...distinct.values()].map(
      ({ id, version, what, next }): Check => ({
        id: `withdrawn:${model}:${id}`,
        status: 'fail',
        sentence: `${model} ${version} was withdrawn${reasonOf(state, version)}, and ${what}.`,
        next,
      }),
    );
  });
}

function holdingsOf({ stages, deployed }: ModelState) {
  return [
    ...[...stages].map(([stage, { version }]) => ({
      id: stage,
      version,
      what: `holds the stage ${stage}`,
      next: `Roll back or promote another version: rastro rollback --stage ${stage}.`,
    })),
    ...[...deployed].map(([environment, { event }]) => ({
      id: `${environment}:deployed`,
      version: event.version,
      what: `is what was last deployed to ${environment}`,
      next: `Deploy the version that holds the stage: rastro deploy --environment ${environment}.`,
    })),
  ];
}

function reasonOf({ withdrawn }: ModelState, version: string): string {
  const entry = withdrawn.get(version);
  return entry ? ` (${entry.event.reason})` : '';
}
