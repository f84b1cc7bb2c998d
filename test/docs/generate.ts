import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './action-files.ts';
import { generatedFiles } from './generated-files.ts';

// Twice, because a README's tables come from the action.yml that the first round may have changed.
for (const _ of [1, 2]) {
  for (const [path, content] of await generatedFiles()) writeFileSync(join(root, path), content);
}
