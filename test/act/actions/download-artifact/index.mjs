import { matchesGlob, resolve } from 'node:path';

const { DefaultArtifactClient } = await import(process.env.ACT_ARTIFACT_CLIENT);
const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';
const client = new DefaultArtifactClient();
const [repositoryOwner, repositoryName] = input('repository').split('/');
const token = input('github-token');
const findBy = { token, workflowRunId: Number(input('run-id')), repositoryOwner, repositoryName };
const options = token ? { findBy } : {};
const matches = ({ name }) => (input('name') ? name === input('name') : matchesGlob(name, input('pattern')));
const { artifacts } = await client.listArtifacts({ latest: true, ...options });
const wanted = artifacts.filter(matches);
if (wanted.length === 0) throw new Error(`no artifact is called ${input('name') || input('pattern')}`);
for (const { id, name } of wanted) {
  const { downloadPath } = await client.downloadArtifact(id, { ...options, path: resolve(input('path')) });
  console.log(`${name} is in ${downloadPath}`);
}
