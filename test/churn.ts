import type { Files } from '@rastro/testkit';

/** A day of customers: who they are, and whether they left. */
export interface Customers {
  readonly seed: number;
  readonly rows: number;
  /** How much more everybody calls and spends: 0 for the market as it was. */
  readonly drift?: number;
}

/** The same rows on every machine, as CSV. Those who call much and have not been here for long leave. */
export function customers({ seed, rows, drift = 0 }: Customers): string {
  const random = generator(seed);
  const lines = ['tenure,calls,plan,spend,churned'];
  for (let row = 0; row < rows; row++) {
    const tenure = Math.floor(random() * 72);
    const calls = Math.floor(random() * 10 + drift * 6);
    const plan = random() < 0.3 ? 'plus' : 'basic';
    const spend = (20 + random() * 60 + drift * 40).toFixed(2);
    const leaning = 0.5 * calls - 0.07 * tenure - (plan === 'plus' ? 1 : 0) - 0.5;
    const churned = random() < 1 / (1 + Math.exp(-leaning)) ? 1 : 0;
    lines.push([tenure, calls, plan, spend, churned].join(','));
  }
  return `${lines.join('\n')}\n`;
}

/** Numbers in [0, 1) by a linear congruence: even enough for made-up customers. */
function generator(seed: number): () => number {
  let state = (seed * 2_654_435_761 + 12_345) % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

export const PROJECT = `version: 1
data:
  customers:
    path: data/train/*.csv
    contract: contracts/customers.yaml
  holdout:
    path: data/holdout.csv
    contract: contracts/customers.yaml
  current:
    path: data/current.csv
models:
  churn:
    task: binary
    target: churned
    features: [tenure, calls, plan, spend]
    train:
      builtin: linear
      data: customers
      seed: 7
    evaluate:
      data: holdout
      metrics:
        roc_auc: { min: 0.6, tolerance: 0.01 }
        log_loss: { tolerance: 0.01 }
      slices: [plan]
      resamples: 200
    deploy:
      prod: { target: local, port: 0 }
monitor:
  churn:
    data: current
    retrain: true
`;

export const CONTRACT = `name: customers
fields:
  - { name: tenure, type: integer, required: true, minimum: 0, maximum: 71 }
  - { name: calls, type: integer, required: true, minimum: 0 }
  - { name: plan, required: true, enum: [basic, plus] }
  - { name: spend, type: number, required: true, minimum: 0 }
  - { name: churned, type: integer, required: true, enum: [0, 1] }
rows:
  minimum: 100
`;

export const POLICY = `version: 1
stages:
  prod:
    from: [candidate]
    data_contract: pass
    evaluation:
      max_age: 14d
      metrics:
        roc_auc: { min: 0.6, max_drop_vs_stage: 0.02 }
`;

/** A project that has its data and nothing else yet: no model, no records. */
export function projectFiles(): Files {
  return {
    'rastro.yaml': PROJECT,
    'rastro.policy.yaml': POLICY,
    'contracts/customers.yaml': CONTRACT,
    'data/train/2025-01.csv': customers({ seed: 1, rows: 1500 }),
    'data/holdout.csv': customers({ seed: 2, rows: 1000 }),
    'data/current.csv': customers({ seed: 3, rows: 1000 }),
    '.gitignore': '.rastro/\n',
  };
}
