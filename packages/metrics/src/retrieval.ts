import { fault, InputError } from '@rastro/fault';
import { argsort } from './argsort.ts';
import type { Codes } from './coded-texts.ts';

/** Answers to queries: row i belongs to `group[i]`, has `relevance[i]` (0 is irrelevant) and was given `score[i]`. */
export interface RankedRows {
  readonly group: readonly string[] | Codes;
  readonly relevance: Float64Array;
  readonly score: Float64Array;
}

/**
 * Normalised discounted cumulative gain at k, the mean over queries, in [0, 1]: gain is the relevance, discount
 * log2(rank + 1), rows of equal score share the mean of their gains (McSherry and Najork 2008; sklearn `ndcg_score`).
 * A query without a relevant row counts 0. No queries: NaN.
 */
export function ndcg(rows: RankedRows, k: number): number {
  return meanOverQueries(rows, (query) => ndcgOfQuery(query, k));
}

/**
 * Mean average precision: per query the mean precision at each relevant row (relevance above 0), in [0, 1] (Manning et
 * al., "Introduction to Information Retrieval", 8.4; sklearn `label_ranking_average_precision_score` for ties, which
 * count against the ranking). A query without a relevant row counts 0. No queries: NaN.
 */
export function meanAveragePrecision(rows: RankedRows): number {
  return meanOverQueries(rows, precisionOfQuery);
}

/**
 * Mean reciprocal rank of the first relevant row of each query, in [0, 1]; ties count against it (Voorhees 1999). A
 * query without a relevant row counts 0. No queries: NaN.
 */
export function meanReciprocalRank(rows: RankedRows): number {
  return meanOverQueries(rows, reciprocalRankOfQuery);
}

export function ndcgOfQuery({ relevance, score }: Query, k: number): number {
  const ideal = dcg(relevance, relevance, k);
  return ideal === 0 ? 0 : dcg(relevance, score, k) / ideal;
}

export function precisionOfQuery({ relevance, score }: Query): number {
  const relevant = [...relevance.keys()].filter((row) => relevance[row]! > 0);
  if (relevant.length === 0) return 0;
  const precisions = relevant.map((row) => {
    const atLeast = (others: Iterable<number>) =>
      [...others].filter((other) => score[other]! >= score[row]!).length;
    return atLeast(relevant) / atLeast(score.keys());
  });
  return precisions.reduce((sum, precision) => sum + precision, 0) / relevant.length;
}

export function reciprocalRankOfQuery({ relevance, score }: Query): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < score.length; i++) if (relevance[i]! > 0) best = Math.max(best, score[i]!);
  return best === Number.NEGATIVE_INFINITY ? 0 : 1 / score.filter((other) => other >= best).length;
}

/** The rows of one query. */
export interface Query {
  /** Index of its first row. */
  readonly first: number;
  readonly relevance: Float64Array;
  readonly score: Float64Array;
}

/** The queries in the order of their first rows. @throws InputError for an impossible relevance or score. */
export function queriesOf({ group, relevance, score }: RankedRows): Query[] {
  refuseImpossible({ group, relevance, score });
  const queries = new Map<string | number, number[]>();
  for (const [row, name] of group.entries()) {
    const known = queries.get(name);
    if (known) known.push(row);
    else queries.set(name, [row]);
  }
  return [...queries.values()].map((rows) => ({
    first: rows[0]!,
    relevance: Float64Array.from(rows, (row) => relevance[row]!),
    score: Float64Array.from(rows, (row) => score[row]!),
  }));
}

function meanOverQueries(rows: RankedRows, measure: (query: Query) => number): number {
  const queries = queriesOf(rows);
  return queries.reduce((sum, query) => sum + measure(query), 0) / queries.length;
}

function refuseImpossible({ relevance, score }: RankedRows): void {
  const isBad = (value: number, row: number) =>
    !(value >= 0 && value < Number.POSITIVE_INFINITY) || Number.isNaN(score[row]);
  const bad = relevance.findIndex(isBad);
  if (bad >= 0) {
    throw new InputError(
      fault(
        'ranking-row',
        `row ${bad + 1} has relevance ${relevance[bad]} and score ${score[bad]}`,
        undefined,
        'Relevance must be a finite number of at least 0, and the score a number.',
      ),
    );
  }
}

function dcg(relevance: Float64Array, score: Float64Array, k: number): number {
  const ascending = argsort(score);
  const rows = ascending.length;
  let sum = 0;
  for (let start = 0; start < rows; ) {
    let end = start;
    let gain = 0;
    const tied = score[ascending[rows - 1 - start]!];
    while (end < rows && score[ascending[rows - 1 - end]!] === tied) {
      gain += relevance[ascending[rows - 1 - end]!]!;
      end++;
    }
    const mean = gain / (end - start);
    for (let rank = start; rank < Math.min(end, k); rank++) sum += mean / Math.log2(rank + 2);
    start = end;
  }
  return sum;
}
