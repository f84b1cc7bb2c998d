import { CLOCK_SKEW } from './age-rule.ts';
import { isPerson, isSamePerson } from './people.ts';
import { type Approval, type Principal, type Question, short, type Unwaived } from './policy-question.ts';

/** How many people stand by this file and this evaluation, and whether anybody stands against it. */
export function approvalRules({ asked, request, evidence }: Question): Unwaived[] {
  const min = request.rollback ? (asked.rollback?.approvals ?? asked.approvals.min) : asked.approvals.min;
  const record = evidence.evaluation?.recordSha256 ?? null;
  const people = byPerson(
    evidence.approvals.filter(
      (approval) =>
        approval.sha256 === request.sha256 &&
        asked.approvals.sources.includes(approval.source) &&
        (asked.who === undefined || asked.who.some((person) => isPerson(person, approval.by))),
    ),
  );
  const rejected = people.map(({ last }) => last).filter(({ verdict }) => verdict === 'rejected');
  const counted = people.filter(
    ({ last, all }) =>
      last.verdict === 'approved' &&
      last.at <= evidence.now + CLOCK_SKEW &&
      (!asked.evaluation || last.recordSha256 === record) &&
      !(asked.approvals.exclude_author && all.some(({ by }) => isAuthor(by, evidence.author))),
  );
  const names = counted.map(({ last }) => last.by.login).sort();
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

/** What one person said: everything, and what counts, the last of it. */
interface Voice {
  readonly all: readonly Approval[];
  readonly last: Approval;
}

/**
 * Approvals by person; a rejection in the same instant stands. Who is known by an id here and by a login there is one person: one
 * approval may link two that nothing told to be the same before.
 */
function byPerson(all: readonly Approval[]): Voice[] {
  let voices: Voice[] = [];
  for (const approval of [...all].sort((a, b) => a.at - b.at || rank(a) - rank(b))) {
    const isTheirs = (voice: Voice) => voice.all.some(({ by }) => isSamePerson(by, approval.by));
    const own = voices.filter(isTheirs);
    const others = voices.filter((voice) => !isTheirs(voice));
    voices = [...others, { all: [...own.flatMap((voice) => voice.all), approval], last: approval }];
  }
  return voices;
}

const rank = ({ verdict }: Approval) => (verdict === 'approved' ? 0 : 1);
