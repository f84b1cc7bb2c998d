import {
  type ApprovalSource,
  ageInMilliseconds,
  type Policy,
  type StagePolicy,
  type Waivable,
} from './policy.ts';

/** A person: the login, and the numeric id where the forge told it. */
export interface Principal {
  readonly login: string;
  readonly id: number | null;
}

export interface PromotionRequest {
  readonly model: string;
  readonly version: string;
  /** sha256 of the model file. */
  readonly sha256: string;
  readonly actor: Principal;
  /** Stages that the version holds or has held. */
  readonly stages: readonly string[];
  /** Whether a version that held the stage before is to return to it. */
  readonly rollback: boolean;
}

export interface Approval {
  readonly by: Principal;
  readonly source: ApprovalSource;
  readonly verdict: 'approved' | 'rejected';
  /** The model and the evaluation record that the person saw. */
  readonly sha256: string;
  readonly recordSha256: string | null;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

type Metrics = Readonly<Record<string, number | null>>;

export interface EvaluationEvidence {
  /** sha256 of the model that was evaluated and of the evaluation record. */
  readonly sha256: string;
  readonly recordSha256: string;
  readonly metrics: Metrics;
  /** Which way is better, where the record tells it. */
  readonly goals: Readonly<Record<string, 'max' | 'min'>>;
  /** Column, then value of the column, then metric. */
  readonly slices: Readonly<Record<string, Readonly<Record<string, Metrics>>>>;
  /** Milliseconds since the epoch. */
  readonly evaluatedAt: number;
}

/** The last comparison of current rows with those that the version was trained on. */
export interface DriftEvidence {
  readonly verdict: 'stable' | 'drifted' | 'undecided';
  readonly columns: readonly {
    readonly name: string;
    readonly psi: number | null;
    readonly drifted: boolean;
  }[];
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Where it is recorded. */
  readonly entry: string;
}

/** What is known at the time of the decision. Null is "not recorded", and what is not recorded never passes. */
export interface Evidence {
  readonly evaluation: EvaluationEvidence | null;
  readonly dataContract: 'pass' | 'breach' | null;
  readonly drift: DriftEvidence | null;
  readonly approvals: readonly Approval[];
  /** Author of the change that made this version. */
  readonly author: Principal | null;
  /** The version that holds the stage now, with its metrics; null when the stage is empty. */
  readonly holder: { readonly version: string; readonly metrics: Metrics | null } | null;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** One rule, what it asks, what is there, and where that was read. */
export interface RuleResult {
  readonly rule: string;
  readonly passed: boolean;
  /** Failed, but a rollback need not pass it. */
  readonly waived: boolean;
  readonly expected: string;
  readonly actual: string;
  readonly evidence: string;
}

export interface PolicyVerdict {
  readonly allowed: boolean;
  readonly rules: readonly RuleResult[];
}

type Unwaived = Omit<RuleResult, 'waived'> & { readonly waivable?: Waivable };

interface Question {
  readonly stage: string;
  readonly asked: StagePolicy;
  readonly request: PromotionRequest;
  readonly evidence: Evidence;
}

/** Clocks of two machines may differ by this much. */
const CLOCK_SKEW = 5 * 60_000;

/** Holds a request to the policy of a stage. Every rule is told, passed or not; a stage without a policy is closed. */
export function evaluatePolicy(question: {
  readonly policy: Policy;
  readonly stage: string;
  readonly request: PromotionRequest;
  readonly evidence: Evidence;
}): PolicyVerdict {
  const { policy, stage, request, evidence } = question;
  const asked = Object.hasOwn(policy.stages, stage) ? policy.stages[stage] : undefined;
  if (!asked) return { allowed: false, rules: [closedStage(stage, Object.keys(policy.stages))] };
  const each: Question = { stage, asked, request, evidence };
  const rules = [
    who(each),
    from(each),
    ...returning(each),
    ...dataContract(each),
    ...evaluation(each),
    ...drift(each),
    ...approvals(each),
  ].map((rule) => withWaiver(rule, each));
  return { allowed: rules.every(({ passed, waived }) => passed || waived), rules };
}

function closedStage(stage: string, known: readonly string[]): RuleResult {
  return {
    rule: 'stage',
    passed: false,
    waived: false,
    expected: `one of ${known.join(', ') || 'no stage'}`,
    actual: stage,
    evidence: 'policy',
  };
}

function withWaiver({ waivable, ...rule }: Unwaived, { asked, request }: Question): RuleResult {
  const waived =
    !rule.passed &&
    request.rollback &&
    waivable !== undefined &&
    asked.rollback?.waive.includes(waivable) === true;
  return { ...rule, waived };
}

function who({ asked, request }: Question): Unwaived {
  return {
    rule: 'who',
    passed: asked.who === undefined || asked.who.some((person) => isPerson(person, request.actor)),
    expected: asked.who ? `one of ${asked.who.join(', ')}` : 'whoever can push',
    actual: showPerson(request.actor),
    evidence: 'request',
  };
}

function isPerson(person: string | number, { login, id }: Principal): boolean {
  return typeof person === 'number' ? person === id : person.toLowerCase() === login.toLowerCase();
}

function isSamePerson(a: Principal, b: Principal): boolean {
  return a.id !== null && b.id !== null ? a.id === b.id : a.login.toLowerCase() === b.login.toLowerCase();
}

function showPerson({ login, id }: Principal): string {
  return id === null ? login : `${login} (${id})`;
}

function from({ asked, request }: Question): Unwaived {
  const passed = ['candidate', ...request.stages];
  return {
    rule: 'from',
    waivable: 'from',
    passed: asked.from.some((stage) => passed.includes(stage)),
    expected: `a version that holds or held ${asked.from.join(' or ')}`,
    actual: request.stages.join(', ') || 'candidate',
    evidence: 'stages of the version',
  };
}

/** Waivers are for a version that held the stage before: without that a rollback would be a way around the policy. */
function returning({ stage, request }: Question): Unwaived[] {
  if (!request.rollback) return [];
  return [
    {
      rule: 'rollback',
      passed: request.stages.includes(stage),
      expected: `a version that held ${stage} before`,
      actual: request.stages.join(', ') || 'candidate',
      evidence: 'stages of the version',
    },
  ];
}

function dataContract({ asked, evidence }: Question): Unwaived[] {
  if (asked.data_contract === undefined) return [];
  return [
    {
      rule: 'data_contract',
      waivable: 'data_contract',
      passed: evidence.dataContract === 'pass',
      expected: 'pass',
      actual: evidence.dataContract ?? 'not recorded',
      evidence: 'data check',
    },
  ];
}

function evaluation(question: Question): Unwaived[] {
  const { asked, request, evidence } = question;
  if (!asked.evaluation) return [];
  const found = evidence.evaluation;
  if (!found) {
    return [
      {
        rule: 'evaluation',
        passed: false,
        expected: `an evaluation of ${short(request.sha256)}`,
        actual: 'not recorded',
        evidence: 'evaluation record',
      },
    ];
  }
  return [
    {
      rule: 'evaluation',
      passed: found.sha256 === request.sha256,
      expected: `an evaluation of ${short(request.sha256)}`,
      actual: `an evaluation of ${short(found.sha256)}`,
      evidence: recordName(found),
    },
    ...freshness(asked.evaluation.max_age, found, evidence.now),
    ...Object.entries(asked.evaluation.metrics).flatMap(([metric, bounds]) => [
      ...boundRules(
        `metrics.${metric}`,
        'metrics',
        bounds,
        metricValue(found.metrics, metric),
        recordName(found),
      ),
      ...dropRules(metric, bounds, found, evidence.holder),
    ]),
    ...Object.entries(asked.evaluation.slices).flatMap(([column, metrics]) =>
      Object.entries(metrics).flatMap(([metric, bounds]) => sliceRules(column, metric, bounds, found)),
    ),
  ];
}

const short = (sha256: string) => sha256.slice(0, 12);
const recordName = ({ recordSha256 }: EvaluationEvidence) => `evaluation record ${short(recordSha256)}`;

function metricValue(metrics: Metrics | null | undefined, metric: string): number | undefined {
  const value = metrics && Object.hasOwn(metrics, metric) ? metrics[metric] : undefined;
  return value === null ? undefined : value;
}

function showValue(value: number | undefined): string {
  return value === undefined ? 'missing' : String(value);
}

function freshness(maxAge: string | undefined, found: EvaluationEvidence, now: number): Unwaived[] {
  if (maxAge === undefined) return [];
  const age = now - found.evaluatedAt;
  return [
    {
      rule: 'max_age',
      waivable: 'max_age',
      passed: age >= -CLOCK_SKEW && age <= ageInMilliseconds(maxAge),
      expected: `at most ${maxAge} old`,
      actual: age < -CLOCK_SKEW ? 'evaluated in the future' : `${showAge(age)} old`,
      evidence: recordName(found),
    },
  ];
}

function showAge(milliseconds: number): string {
  if (!Number.isFinite(milliseconds)) return 'of unknown age,';
  const minutes = Math.max(0, Math.floor(milliseconds / 60_000));
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h`;
  return `${Math.floor(minutes / (24 * 60))} d`;
}

/** A comparison with NaN is false, so that a value that is missing or not a number fails by itself. */
function boundRules(
  name: string,
  waivable: Waivable,
  bounds: { readonly min?: number | undefined; readonly max?: number | undefined },
  value: number | undefined,
  evidence: string,
): Unwaived[] {
  const number = value ?? Number.NaN;
  const rules: Unwaived[] = [];
  const rule = (bound: 'min' | 'max', limit: number, passed: boolean) =>
    rules.push({
      rule: `${name}.${bound}`,
      waivable,
      passed: passed && Number.isFinite(number),
      expected: bound === 'min' ? `at least ${limit}` : `at most ${limit}`,
      actual: showValue(value),
      evidence,
    });
  if (bounds.min !== undefined) rule('min', bounds.min, number >= bounds.min);
  if (bounds.max !== undefined) rule('max', bounds.max, number <= bounds.max);
  return rules;
}

type MetricPolicy = NonNullable<StagePolicy['evaluation']>['metrics'][string];

function dropRules(
  metric: string,
  bounds: MetricPolicy,
  found: EvaluationEvidence,
  holder: Evidence['holder'],
): Unwaived[] {
  const most = bounds.max_drop_vs_stage;
  if (most === undefined) return [];
  const rule = (passed: boolean, actual: string): Unwaived[] => [
    {
      rule: `metrics.${metric}.max_drop_vs_stage`,
      waivable: 'max_drop_vs_stage',
      passed,
      expected: `at most ${most} worse than the version that holds the stage`,
      actual,
      evidence: recordName(found),
    },
  ];
  if (holder === null) return rule(true, 'the stage is empty');
  const goal = goalOf(metric, bounds, found);
  if (goal === undefined) return rule(false, `whether more or less ${metric} is better is not recorded`);
  const [mine, theirs] = [metricValue(found.metrics, metric), metricValue(holder.metrics, metric)];
  if (mine === undefined || theirs === undefined) {
    return rule(false, `${showValue(mine)}, and ${holder.version} has ${showValue(theirs)}`);
  }
  const drop = goal === 'max' ? theirs - mine : mine - theirs;
  return rule(isAtMost(drop, most), `${mine}, and ${holder.version} has ${theirs}`);
}

/** Decimal numbers such as 0.91 - 0.905 come out a few units in the last place off; that is not a worsening. */
function isAtMost(drop: number, most: number): boolean {
  return drop <= most + 1e-12 * Math.max(1, Math.abs(drop));
}

/** What the record says; else what the bounds say, as only a greater-is-better metric has a minimum alone. */
function goalOf(
  metric: string,
  bounds: MetricPolicy,
  { goals }: EvaluationEvidence,
): 'max' | 'min' | undefined {
  if (Object.hasOwn(goals, metric)) return goals[metric];
  if (bounds.min !== undefined && bounds.max === undefined) return 'max';
  if (bounds.max !== undefined && bounds.min === undefined) return 'min';
  return undefined;
}

function sliceRules(
  column: string,
  metric: string,
  bounds: { readonly min?: number | undefined; readonly max?: number | undefined },
  found: EvaluationEvidence,
): Unwaived[] {
  const values = Object.hasOwn(found.slices, column) ? Object.entries(found.slices[column] ?? {}) : [];
  if (values.length === 0) {
    return [
      {
        rule: `slices.${column}.${metric}`,
        waivable: 'slices',
        passed: false,
        expected: `${metric} of every ${column}`,
        actual: 'not recorded',
        evidence: recordName(found),
      },
    ];
  }
  return values.flatMap(([value, metrics]) =>
    boundRules(
      `slices.${column}=${value}.${metric}`,
      'slices',
      bounds,
      metricValue(metrics, metric),
      recordName(found),
    ),
  );
}

/** A version that no drift check has seen is not known to be stable, so that a limit fails until one has. */
function drift({ asked, evidence }: Question): Unwaived[] {
  const limits = asked.drift;
  if (!limits) return [];
  const found = evidence.drift;
  const source = found?.entry ?? 'drift check';
  const rule = (name: string, passed: boolean, expected: string, actual: string): Unwaived => ({
    rule: name,
    waivable: 'drift',
    passed,
    expected,
    actual,
    evidence: source,
  });
  if (!found) return [rule('drift', false, 'a drift check of the version', 'not recorded')];
  if (found.verdict === 'undecided')
    return [rule('drift', false, 'a drift check that could tell', 'too few rows to tell')];
  const drifted = found.columns.filter((column) => column.drifted).map(({ name }) => name);
  const most = limits.max_columns ?? (limits.max_psi === undefined ? 0 : undefined);
  const age = evidence.now - found.at;
  return [
    ...(limits.max_age === undefined
      ? []
      : [
          rule(
            'drift.max_age',
            age >= -CLOCK_SKEW && age <= ageInMilliseconds(limits.max_age),
            `at most ${limits.max_age} old`,
            age < -CLOCK_SKEW ? 'checked in the future' : `${showAge(age)} old`,
          ),
        ]),
    ...(limits.max_psi === undefined ? [] : [psiRule(limits.max_psi, found, rule)]),
    ...(most === undefined
      ? []
      : [
          rule(
            'drift.max_columns',
            drifted.length <= most,
            `at most ${most} drifted columns`,
            drifted.length === 0 ? 'none' : `${drifted.length}: ${drifted.join(', ')}`,
          ),
        ]),
  ];
}

function psiRule(
  limit: number,
  { columns }: DriftEvidence,
  rule: (name: string, passed: boolean, expected: string, actual: string) => Unwaived,
): Unwaived {
  const unknown = columns.filter(({ psi }) => psi === null || !Number.isFinite(psi)).map(({ name }) => name);
  const [worst] = [...columns].sort((a, b) => (b.psi ?? 0) - (a.psi ?? 0));
  const actual =
    unknown.length > 0
      ? `not known of ${unknown.join(', ')}`
      : worst
        ? `${worst.psi} in ${worst.name}`
        : 'no column';
  const passed = unknown.length === 0 && worst !== undefined && (worst.psi ?? Number.NaN) <= limit;
  return rule('drift.max_psi', passed, `at most ${limit} in every column`, actual);
}

function approvals({ asked, request, evidence }: Question): Unwaived[] {
  const min = request.rollback ? (asked.rollback?.approvals ?? asked.approvals.min) : asked.approvals.min;
  const record = evidence.evaluation?.recordSha256 ?? null;
  const standing = latestByPerson(
    evidence.approvals.filter(
      (approval) =>
        approval.sha256 === request.sha256 &&
        asked.approvals.sources.includes(approval.source) &&
        (asked.who === undefined || asked.who.some((person) => isPerson(person, approval.by))),
    ),
  );
  const rejected = standing.filter(({ verdict }) => verdict === 'rejected');
  const counted = standing.filter(
    (approval) =>
      approval.verdict === 'approved' &&
      approval.at <= evidence.now + CLOCK_SKEW &&
      (!asked.evaluation || approval.recordSha256 === record) &&
      !(asked.approvals.exclude_author && isAuthor(approval.by, evidence.author)),
  );
  const names = counted.map(({ by }) => by.login).sort();
  const rules: Unwaived[] = [];
  if (min > 0) {
    rules.push({
      rule: 'approvals',
      passed: counted.length >= min,
      expected: `${min} of ${asked.who?.join(', ') ?? 'anybody'}${asked.approvals.exclude_author ? ', the author not counted' : ''}`,
      actual: names.length > 0 ? `${names.length}: ${names.join(', ')}` : 'none',
      evidence: `approvals of ${short(request.sha256)} from ${asked.approvals.sources.join(', ')}`,
    });
  }
  if (min > 0 || rejected.length > 0) {
    rules.push({
      rule: 'rejections',
      passed: rejected.length === 0,
      expected: 'no standing rejection',
      actual: rejected.map(({ by }) => by.login).join(', ') || 'none',
      evidence: `approvals of ${short(request.sha256)}`,
    });
  }
  return rules;
}

/** With the author unknown nobody can be told apart from them, so nobody's approval counts. */
function isAuthor(person: Principal, author: Principal | null): boolean {
  return author === null || isSamePerson(person, author);
}

/** What each person said last; a rejection in the same instant stands. */
function latestByPerson(all: readonly Approval[]): Approval[] {
  const people: Approval[] = [];
  for (const approval of [...all].sort((a, b) => a.at - b.at || rank(a) - rank(b))) {
    const known = people.findIndex(({ by }) => isSamePerson(by, approval.by));
    if (known >= 0) people.splice(known, 1);
    people.push(approval);
  }
  return people;
}

const rank = ({ verdict }: Approval) => (verdict === 'approved' ? 0 : 1);
