import { globSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const { DefaultArtifactClient } = await import(process.env.ACT_ARTIFACT_CLIENT);
const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';
const patterns = input('path').split('\n').filter(Boolean);
const hidden = (path) => input('include-hidden-files') !== 'true' && /(^|\/)\./.test(path);
const isFolder = (path) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
const files = patterns
  .flatMap((pattern) => globSync(isFolder(pattern) ? `${pattern}/**` : pattern))
  .filter((path) => !hidden(path) && !isFolder(path));
if (files.length === 0 && input('if-no-files-found') === 'error')
  throw new Error(`no file matches ${patterns}`);
if (files.length === 0) console.log(`::warning::no file matches ${patterns}`);
else {
  const { id, size } = await new DefaultArtifactClient().uploadArtifact(
    input('name'),
    files.map((path) => resolve(path)),
    resolve(isFolder(patterns[0]) ? patterns[0] : dirname(files[0])),
    { retentionDays: Number(input('retention-days')) },
  );
  console.log(`${input('name')} is artifact ${id}, ${size} bytes`);
}
