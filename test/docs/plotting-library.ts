import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The module that holds uPlot as the HTML report carries it: a page needs it as text, and a package that is pure cannot read files. */
export function plottingLibrary(): string {
  const folder = join(import.meta.dirname, '../../packages/report/node_modules/uplot');
  const read = (path: string) => readFileSync(join(folder, path), 'utf8').trim();
  const { version } = JSON.parse(read('package.json')) as { version: string };
  const licence = `/*!\nuPlot ${version}\n\n${read('LICENSE')}\n*/`;
  return `/** uPlot ${version} (MIT), whole, for the pages that carry it. Made by \`npm run generate\`. */
export const PLOTTING_SCRIPT =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it holds a program's own templates.
  ${literal(`${licence}\n${read('dist/uPlot.iife.min.js')}`)};

export const PLOTTING_STYLE =
  ${literal(read('dist/uPlot.min.css'))};
`;
}

function literal(text: string): string {
  const inside = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'");
  return `'${inside}'`;
}
