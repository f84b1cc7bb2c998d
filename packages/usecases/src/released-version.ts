import type { ModelEvidence } from './evidence.ts';
import type { OwnersCard } from './owners-card.ts';
import type { NamedModel } from './project.ts';

/** A version with all that its documents are made from. The same version gives the same documents, byte for byte. */
export interface ReleasedVersion {
  readonly model: NamedModel;
  readonly version: string;
  readonly tag: string;
  readonly commit: string;
  /** When the trail recorded it, ISO 8601. */
  readonly releasedAt: string;
  readonly evidence: ModelEvidence;
  readonly card: OwnersCard;
  /** `owner/name` on the forge. */
  readonly slug: string | undefined;
  /** Version of Rastro that made the documents. */
  readonly rastro: string;
}
