import { resolve } from 'node:path';

const { DefaultArtifactClient } = await import(process.env.ACT_ARTIFACT_CLIENT);
const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';
const client = new DefaultArtifactClient();
const [repositoryOwner, repositoryName] = input('repository').split('/');
const token = input('github-token');
const findBy = { token, workflowRunId: Number(input('run-id')), repositoryOwner, repositoryName };
const options = token ? { findBy } : {};
const { artifact } = await client.getArtifact(input('name'), options);
const { downloadPath } = await client.downloadArtifact(artifact.id, {
  ...options,
  path: resolve(input('path')),
});
console.log(`${artifact.name} is in ${downloadPath}`);
