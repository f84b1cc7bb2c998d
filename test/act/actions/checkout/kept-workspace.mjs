import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

// A runner of one's own keeps what is not in Git from one job to the next. act's does not, and gives the workspace another
// path in each job: so what is served is carried over, with the path in it.
const PATH = '{workspace}';

export function keep(folder) {
  if (existsSync('.rastro/serve'))
    carry('.rastro/serve', folder, (text) => text.replaceAll(process.cwd(), PATH));
}

export function restore(folder) {
  if (existsSync(folder)) carry(folder, '.rastro/serve', (text) => text.replaceAll(PATH, process.cwd()));
}

function carry(from, to, change) {
  cpSync(from, to, { recursive: true });
  for (const path of readdirSync(to, { recursive: true, encoding: 'utf8' })) {
    const file = join(to, path);
    if (path.endsWith('.json')) writeFileSync(file, change(readFileSync(file, 'utf8')));
  }
}
