import { fault, InputError } from '@rastro/fault';
import { encodeEntry, nextEntry, skipsOf } from '@rastro/trail';
import { z } from 'zod';
import type { Outcome } from './outcome.ts';
import { report } from './report.ts';
import { envelopeOf, instantOf, onTrail, type TrailPorts } from './trail.ts';

export const AnnotateRequest = z.strictObject({
  reason: z.string().min(1).describe('Why, in a sentence that an auditor understands.'),
  skips: z
    .array(z.string().regex(/^\d+$/, 'give numbers of entries'))
    .default([])
    .describe('Numbers of the entries that must not count any more. Default: none, only a note.'),
});
export type AnnotateRequest = z.output<typeof AnnotateRequest>;

export interface AnnotateRecord {
  readonly seq: number;
  readonly skips: readonly number[];
  readonly reason: string;
}

/**
 * Appends a correction or a note. Nothing is rewritten: what is taken back stays readable.
 * @throws InputError when an entry may not be taken back: a move of a stage, an annotation, somebody else's "no".
 */
export async function annotate(
  request: AnnotateRequest,
  ports: TrailPorts,
): Promise<Outcome<AnnotateRecord>> {
  const { reason } = request;
  const skips = [...new Set(request.skips.map(Number))].sort((a, b) => a - b);
  const record = await onTrail<AnnotateRecord>(ports, async ({ chain, repositoryId }) => {
    const event = { skips, reason, withdraws: null };
    const entry = nextEntry(chain.end, {
      kind: 'annotate',
      event,
      repositoryId,
      recordedAt: instantOf(ports.clock),
      recordedBy: { login: ports.context.actor, id: ports.context.actorId ?? null },
    });
    const envelope = await envelopeOf(encodeEntry(entry), ports);
    const { faults } = skipsOf([...chain.entries, { entry, commit: '', sha256: '', envelope }]);
    if (faults.length > 0) {
      throw new InputError(
        faults.map(({ message }) =>
          fault(
            'skip-refused',
            `the annotation is refused: ${message}`,
            undefined,
            'See the numbers with "rastro log".',
          ),
        ),
      );
    }
    return {
      append: { tags: [], events: () => [{ kind: 'annotate' as const, event }] },
      result: ([written]) => ({ seq: written!.seq, skips, reason }),
    };
  });
  const what = skips.length > 0 ? `Entries ${skips.join(', ')} do not count any more` : 'Noted';
  return {
    status: 'pass',
    reports: [report('annotate', '', { status: 'pass', sentence: `${what}: ${reason}` })],
    record,
  };
}
