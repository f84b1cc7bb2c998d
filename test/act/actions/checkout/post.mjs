import { keep } from './kept-workspace.mjs';

const { ACT_KEPT_WORKSPACE: kept, INPUT_CLEAN: clean } = process.env;
if (kept && clean === 'false') keep(kept);
