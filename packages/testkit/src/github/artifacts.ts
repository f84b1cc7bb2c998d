import type { StoredArtifact } from '../results/artifact-store.ts';
import type { Results } from '../results/start-results.ts';
import { type Call, type Handlers, notFound, page } from './call.ts';

const root = '/repos/{owner}/{repo}/actions';

/** Artifacts as a later run sees them, by the API. */
export function artifacts(context: { url: string; repository: string; results: Results }): Handlers {
  const { url, repository, results } = context;
  const { all } = results.store;
  const find = (call: Call) => all.find((artifact) => artifact.id === Number(call.params.artifact_id));
  const show = (artifact: StoredArtifact) => ({
    id: artifact.id,
    name: artifact.name,
    size_in_bytes: artifact.bytes.length,
    digest: artifact.digest,
    expired: false,
    created_at: artifact.createdAt,
    workflow_run: { id: Number(artifact.runId) },
    archive_download_url: `${url}/repos/${repository}/actions/artifacts/${artifact.id}/zip`,
  });
  return {
    [`GET ${root}/runs/{run_id}/artifacts`]: (call) => {
      const name = call.query.get('name');
      const list = all.filter(
        (artifact) => artifact.runId === call.params.run_id && (name === null || artifact.name === name),
      );
      return page(call, url, list.map(show), 'artifacts');
    },
    [`GET ${root}/artifacts/{artifact_id}`]: (call) => {
      const artifact = find(call);
      return artifact ? { status: 200, body: show(artifact) } : notFound();
    },
    [`GET ${root}/artifacts/{artifact_id}/{archive_format}`]: (call) => {
      const artifact = find(call);
      return artifact ? { status: 302, headers: { location: results.downloadUrl(artifact) } } : notFound();
    },
  };
}
