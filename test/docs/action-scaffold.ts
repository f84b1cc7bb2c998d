/** What a new action is made from. */
export interface NewAction {
  /** As in `packages/usecases/src/verbs.ts`. */
  readonly verb: string;
  readonly summary: string;
  /** Whether it has the input `token`. */
  readonly usesGitHub: boolean;
}

export interface ScaffoldedFile {
  readonly content: string;
  /** Whether the file is the action's own, and not one that lists all actions. */
  readonly made: boolean;
}

/** Every file of an action and every file that lists it, by path. An action that is there gives the lists unchanged. */
export function actionFiles(
  action: NewAction,
  read: (path: string) => string,
): ReadonlyMap<string, ScaffoldedFile> {
  const { verb } = action;
  const own = (content: string): ScaffoldedFile => ({ content, made: true });
  const list = (content: string): ScaffoldedFile => ({ content, made: false });
  return new Map([
    [`actions/${verb}/package.json`, own(packageJson(verb))],
    [`actions/${verb}/tsconfig.json`, own(tsconfig())],
    [`actions/${verb}/src/inputs.ts`, own(inputsSource(action))],
    [`actions/${verb}/src/main.ts`, own(mainSource(verb))],
    [`actions/${verb}/action.yml`, own(actionYaml(action))],
    [`actions/${verb}/README.md`, own(readme(action))],
    ['actions/_bundle/src/index.ts', list(withChunk(read('actions/_bundle/src/index.ts'), verb))],
    ['actions/_bundle/package.json', list(withDependency(read('actions/_bundle/package.json'), verb))],
    [
      'actions/_bundle/tsconfig.json',
      list(withReference(read('actions/_bundle/tsconfig.json'), `../${verb}`)),
    ],
    ['tsconfig.json', list(withReference(read('tsconfig.json'), `actions/${verb}`))],
  ]);
}

function packageJson(verb: string): string {
  return json({
    name: `@rastro/action-${verb}`,
    version: '0.0.0',
    private: true,
    license: 'Apache-2.0',
    type: 'module',
    sideEffects: false,
    exports: { '.': { source: './src/main.ts', types: './lib/main.d.ts', default: './lib/main.js' } },
    dependencies: { '@rastro/host': 'workspace:*', '@rastro/usecases': 'workspace:*' },
  });
}

function tsconfig(): string {
  return json({
    extends: '../../tsconfig.base.json',
    compilerOptions: { rootDir: 'src', outDir: 'lib' },
    include: ['src'],
    references: [{ path: '../../packages/host' }, { path: '../../packages/usecases' }],
  });
}

function inputsSource({ verb, usesGitHub }: NewAction): string {
  const request = `${verb.charAt(0).toUpperCase()}${verb.slice(1)}Request`;
  return `import { actionInputs } from '@rastro/host';
import { ${request} } from '@rastro/usecases';

/** The inputs of \`rastro ${verb}\` as an action. */
export const Inputs = actionInputs(${request}${usesGitHub ? ', { usesGitHub: true }' : ''});
`;
}

function mainSource(verb: string): string {
  return `import { runAction } from '@rastro/host';
import { ${verb} } from '@rastro/usecases';
import { Inputs } from './inputs.ts';

export const main = () => runAction(Inputs, ${verb}, () => ({}));
`;
}

function actionYaml({ verb, summary }: NewAction): string {
  return `name: Rastro ${verb}
description: ${JSON.stringify(summary)}
author: Rastro
branding:
  icon: circle
  color: gray-dark
inputs: {}
outputs:
  verdict:
    description: "pass, or breach when the answer is no."
runs:
  using: node24
  main: dist/index.js
`;
}

function readme({ verb, summary }: NewAction): string {
  return `# rastro ${verb}

${summary}

## Example

\`\`\`yaml
name: ${verb}
on: workflow_dispatch
permissions: {}
jobs:
  ${verb}:
    runs-on: ubuntu-latest
    permissions:
      contents: read
    steps:
      - uses: actions/checkout@v6
      - uses: rastro-ml/rastro/actions/${verb}@v1
\`\`\`

## Permissions

- \`contents: read\`

## Inputs

<!-- inputs -->
<!-- /inputs -->

## Outputs

<!-- outputs -->
<!-- /outputs -->

On the command line: \`rastro ${verb} --help\`.
`;
}

/** The map of verbs to their chunks with one more, in alphabetical order; the command line stays last. */
function withChunk(source: string, verb: string): string {
  const line = (name: string) => `  ${name}: () => import('@rastro/action-${name}'),\n`;
  const known = [...source.matchAll(/^ {2}(\w+): \(\) => import\('@rastro\/action-\w+'\),\n/gm)];
  const first = known[0]!;
  const length = known.reduce((sum, [text]) => sum + text.length, 0);
  const names = [...new Set([...known.map(([, name]) => name!), verb])].sort();
  return source.slice(0, first.index) + names.map(line).join('') + source.slice(first.index + length);
}

function withDependency(text: string, verb: string): string {
  const manifest = JSON.parse(text) as { dependencies: Record<string, string> };
  const dependencies = { ...manifest.dependencies, [`@rastro/action-${verb}`]: 'workspace:*' };
  const sorted = Object.entries(dependencies).sort(([a], [b]) => (a < b ? -1 : 1));
  return json({ ...manifest, dependencies: Object.fromEntries(sorted) });
}

function withReference(text: string, path: string): string {
  const config = JSON.parse(text) as { references: { path: string }[] };
  if (config.references.some((reference) => reference.path === path)) return text;
  return json({ ...config, references: [...config.references, { path }] });
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
