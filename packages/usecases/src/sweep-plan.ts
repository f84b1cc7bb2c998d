import { type Document, didYouMean } from '@rastro/document';
import { fault, InputError } from '@rastro/fault';
import type { ModelConfig, Project, SweepConfig } from '@rastro/lineage';
import { type Goal, knownMetric, type MetricSpec, metricsOf } from '@rastro/metrics';
import { grouped } from '@rastro/report';
import { planTrials, SOBOL_DIMENSIONS, spaceSize, type Trial } from '@rastro/trials';
import { metricNames } from './model-question.ts';
import { type NamedModel, pickModels } from './project.ts';

/** A model of `rastro.yaml` with what a sweep of it needs. */
export interface SweptModel extends NamedModel {
  readonly config: ModelConfig & {
    readonly train: NonNullable<ModelConfig['train']>;
    readonly evaluate: NonNullable<ModelConfig['evaluate']>;
    readonly sweep: SweepConfig;
  };
}

/** What is to be run, and what decides. */
export interface SweepPlan {
  readonly project: Document<Project>;
  readonly model: SweptModel;
  readonly decides: MetricSpec & { readonly goal: Goal };
  /** Trial 0, the model as it is, first. */
  readonly trials: readonly Trial[];
}

/** A grid with more combinations than this is a mistake unless `trials:` says otherwise. */
const MOST_OF_A_GRID = 1000;

/** @throws InputError when no such model has a section `sweep:`, or it cannot be planned. */
export function planSweep(project: Document<Project>, name: string | undefined): SweepPlan {
  const model = sweptModel(project, name);
  const { sweep, train } = model.config;
  const at = (...keys: string[]) => project.placeOfKey(['models', model.name, 'sweep', ...keys]);
  const dimensions = Object.keys(sweep.parameters).length;
  if (sweep.method === 'sobol' && dimensions > SOBOL_DIMENSIONS) {
    throw new InputError(
      fault(
        'sweep-too-wide',
        `a Sobol sequence has at most ${SOBOL_DIMENSIONS} parameters here, and ${dimensions} are given`,
        at('parameters'),
        'Take some away, or use "method: random".',
      ),
    );
  }
  const size = spaceSize(sweep.parameters);
  const most = sweep.trials ?? MOST_OF_A_GRID;
  if (sweep.method === 'grid' && size !== undefined && size > most) {
    throw new InputError(
      fault(
        'sweep-too-large',
        `the grid has ${grouped(size)} combinations, more than ${grouped(most)}`,
        at('parameters'),
        'Take values away, raise "trials:", or use "method: sobol", which tries as many as "trials:" says.',
      ),
    );
  }
  return { project, model, decides: decider(project, model), trials: planTrials(sweep, train.params) };
}

function sweptModel(project: Document<Project>, name: string | undefined): SweptModel {
  const models = pickModels(project, name === undefined ? [] : [name]);
  const swept = models.filter(({ config }) => config.sweep);
  const [model, ...others] = swept;
  if (!model) {
    throw new InputError(
      fault(
        'nothing-to-sweep',
        name === undefined ? 'no model has a "sweep:" section' : `${name} has no "sweep:" section`,
        project.placeOf(name === undefined ? ['models'] : ['models', name]),
        'Add "sweep:" with its method and parameters.',
      ),
    );
  }
  if (others.length > 0) {
    throw new InputError(
      fault(
        'model-ambiguous',
        `say which model: ${swept.map((each) => each.name).join(', ')}`,
        project.placeOf(['models']),
        'Give the model by name.',
      ),
    );
  }
  const lacking = (['train', 'evaluate'] as const).find((section) => !model.config[section]);
  if (lacking) {
    throw new InputError(
      fault(
        'nothing-to-sweep',
        `${model.name} has a "sweep:" section and no "${lacking}:"`,
        project.placeOfKey(['models', model.name, 'sweep']),
        'Every trial is trained and evaluated as these sections say.',
      ),
    );
  }
  return model as SweptModel;
}

/** The metric that decides, and which way of it is better. */
function decider(project: Document<Project>, { name, config }: SweptModel): SweepPlan['decides'] {
  const { sweep, evaluate, task } = config;
  const own = Object.keys(evaluate.metrics);
  const metric = sweep.metric ?? own[0] ?? metricsOf(task).find(({ usual }) => usual)!.name;
  const asked = evaluate.metrics[metric];
  const goal = asked?.goal ?? knownMetric(metric)?.goal ?? (asked?.target === undefined ? undefined : 'min');
  const at = (key: string) => project.placeOf(['models', name, 'sweep', key]);
  const measured = [...new Set([...own, ...metricNames(config)])];
  if (!measured.includes(metric)) {
    const nearest = didYouMean(metric, measured);
    throw new InputError(
      fault(
        'unknown-metric',
        `"${metric}" is not a metric of ${name}`,
        at('metric'),
        nearest
          ? `Did you mean "${nearest}"?`
          : `Known: ${measured.join(', ')}; or define it under "evaluate:".`,
      ),
    );
  }
  if (
    sweep.goal !== undefined &&
    (asked?.target !== undefined || (goal !== undefined && goal !== sweep.goal))
  ) {
    throw new InputError(
      fault(
        'sweep-goal-differs',
        `the sweep asks for the ${sweep.goal} of ${metric}, and its evaluation for ${
          asked?.target === undefined ? `the ${goal}` : `${asked.target}`
        }`,
        at('goal'),
        `Leave "goal:" out, or correct it under "evaluate: metrics: ${metric}:".`,
      ),
    );
  }
  return { metric, goal: goal ?? sweep.goal ?? 'max', target: asked?.target };
}

/** What a value of the metric that decides is worth: greater is better. */
export function worthOf({ goal, target }: SweepPlan['decides'], value: number): number {
  if (target !== undefined) return -Math.abs(value - target);
  return goal === 'max' ? value : -value;
}
