import { appendFileSync } from 'node:fs';

appendFileSync(process.env.GITHUB_PATH, `${process.env.ACT_PYTHON}\n`);
