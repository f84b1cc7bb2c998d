import { parameterOf } from './catalogue.ts';
import { once } from './reading.ts';
import { ndcgOfQuery, precisionOfQuery, type Query, queriesOf, reciprocalRankOfQuery } from './retrieval.ts';
import type { Sample } from './sample.ts';
import type { Weights } from './weights.ts';

/** What is relevant by what it was ranked by: the positive class by its score, or the value by the predicted one. */
export function rankedQueries(sample: Sample): Query[] {
  const group = sample.groups!;
  if (sample.task === 'regression')
    return queriesOf({ group, relevance: sample.truth, score: sample.predicted });
  return queriesOf({ group, relevance: Float64Array.from(sample.truth), score: sample.scores! });
}

/**
 * A metric of rankings under weights. Queries are resampled, not rows: a query counts as often as its first row was drawn,
 * because the rows of one query go together.
 */
export function rankingRead(
  name: string,
  queries: () => Query[],
): ((weights: Weights) => number) | undefined {
  const of = queryMeasure(name);
  if (!of) return undefined;
  const measured = once(() => ({
    firsts: Uint32Array.from(queries(), ({ first }) => first),
    values: Float64Array.from(queries(), of),
  }));
  return (weights) => {
    const { firsts, values } = measured();
    let sum = 0;
    let count = 0;
    for (let i = 0; i < firsts.length; i++) {
      const weight = weights[firsts[i]!]!;
      sum += weight * values[i]!;
      count += weight;
    }
    return sum / count;
  };
}

function queryMeasure(name: string): ((query: Query) => number) | undefined {
  if (name === 'map') return precisionOfQuery;
  if (name === 'mrr') return reciprocalRankOfQuery;
  const k = name.startsWith('ndcg_at_') ? parameterOf(name) : undefined;
  return k === undefined ? undefined : (query) => ndcgOfQuery(query, k);
}
