import { readDocument } from '@rastro/document';
import { isRastroError } from '@rastro/fault';
import { z } from 'zod';
import type { Workspace } from './ports/index.ts';

type Permissions = string | Readonly<Record<string, string>>;

/** What a workflow file of the forge says about our actions in it. */
export interface Workflow {
  readonly path: string;
  readonly events: readonly string[];
  readonly permissions: Permissions | undefined;
  readonly jobs: readonly {
    readonly name: string;
    readonly permissions: Permissions | undefined;
    /** Verbs of our actions that the job runs. */
    readonly verbs: readonly string[];
    /** Depth of its checkout; 1 when it states none, undefined when it checks nothing out. */
    readonly fetchDepth: number | undefined;
  }[];
}

const Permissions = z.union([z.string(), z.record(z.string(), z.string())]);

/** Only what we look at; the rest of a workflow is its own business. */
const WorkflowFile = z.looseObject({
  on: z.union([z.string(), z.array(z.string()), z.record(z.string(), z.unknown())]),
  permissions: Permissions.optional(),
  jobs: z.record(
    z.string(),
    z.looseObject({
      permissions: Permissions.optional(),
      uses: z.string().optional(),
      steps: z
        .array(
          z.looseObject({ uses: z.string().optional(), with: z.record(z.string(), z.unknown()).optional() }),
        )
        .default([]),
    }),
  ),
});

/** The workflows of `.github/workflows`; one that is no workflow is left out, as it is the forge's to complain about. */
export async function readWorkflows(workspace: Workspace): Promise<Workflow[]> {
  const workflows: Workflow[] = [];
  for (const path of await workspace.list(['.github/workflows/*.yml', '.github/workflows/*.yaml'])) {
    const text = await workspace.readText(path);
    if (text === undefined) continue;
    try {
      workflows.push(workflowOf(path, readDocument(text, path, WorkflowFile).value));
    } catch (error) {
      if (!isRastroError(error)) throw error;
    }
  }
  return workflows;
}

function workflowOf(path: string, { on, permissions, jobs }: z.output<typeof WorkflowFile>): Workflow {
  return {
    path,
    events: typeof on === 'string' ? [on] : Array.isArray(on) ? on : Object.keys(on),
    permissions,
    jobs: Object.entries(jobs).map(([name, job]) => {
      const uses = [job.uses, ...job.steps.map((step) => step.uses)];
      const checkout = job.steps.find((step) => step.uses?.startsWith('actions/checkout@'));
      return {
        name,
        permissions: job.permissions,
        verbs: [
          ...new Set(uses.flatMap((each) => /\/actions\/([a-z-]+)(?:@|$)/.exec(each ?? '')?.[1] ?? [])),
        ],
        fetchDepth: checkout && Number(checkout.with?.['fetch-depth'] ?? 1),
      };
    }),
  };
}
