import { randomUUID } from 'node:crypto';
import type { GitHub } from '@rastro/testkit';

/** Leaves bytes as an artifact of a run, as a program of that run's author could: the service asks only for the run's own token. */
export async function forgeArtifact(
  github: GitHub,
  artifact: { run: number; name: string; bytes: Buffer },
): Promise<void> {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = `${part({ alg: 'none' })}.${part({ scp: `Actions.Results:${artifact.run}:job` })}.${randomUUID()}`;
  const call = async (method: string, message: object) => {
    const url = `${github.resultsUrl}/twirp/github.actions.results.api.v1.ArtifactService/${method}`;
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        workflow_run_backend_id: String(artifact.run),
        name: artifact.name,
        ...message,
      }),
    });
    if (!response.ok) throw new Error(await response.text());
    return (await response.json()) as Record<string, string>;
  };
  const { signed_upload_url: url } = await call('CreateArtifact', { version: 4 });
  await fetch(url!, { method: 'PUT', body: new Uint8Array(artifact.bytes) });
  await call('FinalizeArtifact', { size: String(artifact.bytes.length) });
}
