import { fault, InputError, isRastroError } from '@rastro/fault';
import type { Report } from '@rastro/report';
import { type Chain, modelState, type TrailEvent } from '@rastro/trail';
import { z } from 'zod';
import { type ReleasedModel, releasedFile } from './model-bytes.ts';
import { Name } from './name.ts';
import type { Outcome } from './outcome.ts';
import type { Deployer, Forge, Ports } from './ports/index.ts';
import { loadProject, type NamedModel, pickModel } from './project.ts';
import { report, short } from './report.ts';
import { onTrail, readTrail } from './trail.ts';

export const DeployRequest = z.strictObject({
  model: z
    .string()
    .optional()
    .describe('Model to deploy, by its name in rastro.yaml. Default: the only one.'),
  environment: Name.describe(
    'Environment to deploy to; the version that holds the stage of this name is deployed.',
  ),
  githubDeployment: z
    .boolean()
    .default(true)
    .describe('Tell GitHub of the deployment, where there is a GitHub repository.'),
});
export type DeployRequest = z.output<typeof DeployRequest>;

export interface DeployRecord {
  readonly model: string;
  readonly version: string;
  readonly sha256: string;
  readonly environment: string;
  readonly target: string;
  readonly status: 'deployed' | 'failed' | 'rolled-back';
  readonly url: string | undefined;
  /** What the smoke test found, when it failed. */
  readonly reason: string | undefined;
}

type DeployPorts = Pick<
  Ports,
  'workspace' | 'repository' | 'forge' | 'deployer' | 'context' | 'clock' | 'progress' | 'sha256' | 'crypto'
>;

/**
 * Ships the version that holds a stage to the environment of that name, asks the target itself whether it serves it, and
 * records the outcome on the trail and on GitHub. When the smoke test fails, what was served before is served again.
 * @throws InputError when no version holds the stage, or its bytes are nowhere.
 */
export async function deploy(request: DeployRequest, ports: DeployPorts): Promise<Outcome<DeployRecord>> {
  const project = await loadProject(ports.workspace);
  const model = pickModel(project, request.model);
  const { environment } = request;
  const config = model.config.deploy[environment];
  if (!config) {
    const known = Object.keys(model.config.deploy).join(', ');
    throw new InputError(
      fault(
        'unknown-environment',
        `model ${model.name} has no environment "${environment}"`,
        project.placeOf(['models', model.name, 'deploy']),
        `Known: ${known || 'none'}.`,
      ),
    );
  }
  const { chain } = await readTrail(await ports.repository(), ports.sha256);
  const released = promoted(chain, model, environment);
  const forge = request.githubDeployment ? await forgeIfAny(ports) : undefined;
  const deployer = await ports.deployer({ kind: config.target, environment, port: config.port });
  const file = await releasedFile(released, ports);
  const announced = await announce(released, environment, forge);

  ports.progress.step(`${model.name}: deploying ${released.version} to ${environment}`);
  const record = await ship(released, { environment, file, deployer });
  await recordOutcome(record, ports);
  await announced?.(record, ports.context.runUrl);
  return { status: record.status === 'deployed' ? 'pass' : 'breach', reports: [describe(record)], record };
}

/** A model is served without GitHub being told, too: on a machine that has no token for it, that is all that is missing. */
async function forgeIfAny({ context, forge, progress }: DeployPorts): Promise<Forge | undefined> {
  if (!context.slug) return undefined;
  try {
    return await forge();
  } catch (error) {
    if (!isRastroError(error) || !error.faults.some(({ code }) => code === 'token-missing')) throw error;
    progress.step(`GitHub is not told of the deployment: ${error.message}`);
    return undefined;
  }
}

function promoted(chain: Chain, model: NamedModel, stage: string): ReleasedModel {
  const { stages, releases, withdrawn } = modelState(chain.entries, model.name);
  const holding = stages.get(stage);
  const release = holding && releases.get(holding.version);
  if (!holding || !release) {
    throw new InputError(
      fault(
        'nothing-promoted',
        `no version of ${model.name} holds the stage ${stage}`,
        undefined,
        `Promote one first: rastro promote --stage ${stage}.`,
      ),
    );
  }
  if (withdrawn.has(holding.version)) {
    throw new InputError(
      fault(
        'version-deregistered',
        `${model.name} ${holding.version}, which holds the stage ${stage}, was deregistered`,
        undefined,
        `Roll back or promote another version first: rastro rollback --stage ${stage}.`,
      ),
    );
  }
  const { tag, commit } = release.event;
  return {
    model: model.name,
    version: holding.version,
    tag,
    sha256: holding.sha256,
    commit,
    file: model.file,
  };
}

async function ship(
  { model, version, sha256 }: ReleasedModel,
  { environment, file, deployer }: { environment: string; file: string; deployer: Deployer },
): Promise<DeployRecord> {
  const before = await deployer.current(model);
  const base = { model, version, sha256, environment, target: deployer.kind };
  const { url, reason } = await attempt(
    () => deployer.deploy({ model, version, environment, sha256, file }),
    () => deployer.smokeTest({ model, version, sha256 }),
  );
  if (reason === undefined) return { ...base, status: 'deployed', url, reason };
  if (!before || before.sha256 === sha256) {
    await deployer.withdraw(model);
    return { ...base, status: 'failed', url: undefined, reason };
  }
  await deployer.deploy({
    model,
    version: before.version,
    environment,
    sha256: before.sha256,
    file: before.file,
  });
  return { ...base, status: 'rolled-back', url, reason };
}

/** A target that refuses and one that fails its smoke test are the same to the user: the version is not served. */
async function attempt(
  deploying: () => Promise<{ url: string | undefined }>,
  smokeTest: () => Promise<string | undefined>,
): Promise<{ url: string | undefined; reason: string | undefined }> {
  try {
    const { url } = await deploying();
    return { url, reason: await smokeTest() };
  } catch (error) {
    if (!isRastroError(error)) throw error;
    return { url: undefined, reason: error.message };
  }
}

async function recordOutcome(record: DeployRecord, ports: DeployPorts): Promise<void> {
  const { model, version, sha256, environment, target, url, status } = record;
  const event: TrailEvent = {
    kind: 'deploy',
    event: {
      model,
      version,
      sha256,
      environment,
      target,
      url: url ?? null,
      outcome: status === 'deployed' ? 'success' : 'failure',
      run: ports.context.runUrl ?? null,
    },
  };
  await onTrail(ports, async () => ({
    append: { tags: [], events: () => [event] },
    result: () => undefined,
  }));
}

/** Opens a deployment on the forge and gives the way to close it. */
async function announce(released: ReleasedModel, environment: string, forge: Forge | undefined) {
  if (!forge) return undefined;
  const { id } = await forge.createDeployment({
    ref: released.tag,
    environment,
    description: `${released.model} ${released.version}`,
    payload: { model: released.model, version: released.version, sha256: released.sha256 },
  });
  await forge.setDeploymentStatus({ id, state: 'in_progress', description: 'deploying' });
  return async ({ status, url, reason }: DeployRecord, runUrl: string | undefined) =>
    forge.setDeploymentStatus({
      id,
      state: status === 'deployed' ? 'success' : 'failure',
      description: (reason ?? 'smoke test passed').slice(0, 140),
      ...(url && status === 'deployed' ? { environmentUrl: url } : {}),
      ...(runUrl ? { logUrl: runUrl } : {}),
    });
}

function describe(record: DeployRecord): Report {
  const { model, version, environment, url, sha256, target, status, reason } = record;
  const sentence = {
    deployed: `${model} ${version} is served in ${environment}.`,
    failed: `${model} ${version} could not be deployed to ${environment}: ${reason}.`,
    'rolled-back': `${model} ${version} failed in ${environment} and was rolled back: ${reason}.`,
  }[status];
  return report('deploy', model, { status: status === 'deployed' ? 'pass' : 'fail', sentence }, [
    {
      id: 'deployment',
      title: 'Deployment',
      importance: 60,
      blocks: [
        {
          kind: 'facts',
          items: [
            { label: 'Version', value: version },
            { label: 'Model digest', value: [{ code: short(sha256) }] },
            { label: 'Environment', value: environment },
            { label: 'Target', value: target },
            ...(url ? [{ label: 'URL', value: [{ code: url }] }] : []),
          ],
        },
      ],
    },
  ]);
}
