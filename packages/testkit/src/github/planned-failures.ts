/** What to break: the next requests that match. Status 0 hangs up without an answer. */
export interface Failure {
  readonly count: number;
  readonly status: number;
  readonly method?: string;
  readonly path?: RegExp;
  readonly when?: (request: { method: string; path: string }) => boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly message?: string;
  /** The request is carried out all the same; only its answer is lost. */
  readonly afterwards?: boolean;
}

export interface PlannedFailures {
  add(failure: Failure): void;
  clear(): void;
  /** The failure that this request meets, used up by it. */
  take(request: { method: string; path: string }): Failure | undefined;
}

export function plannedFailures(): PlannedFailures {
  const planned: { failure: Failure; left: number }[] = [];
  return {
    add(failure) {
      planned.push({ failure, left: failure.count });
    },
    clear() {
      planned.length = 0;
    },
    take({ method, path }) {
      const met = planned.find(({ failure, left }) => {
        const { method: wanted = method, path: pattern, when } = failure;
        return (
          left > 0 && wanted === method && (pattern?.test(path) ?? true) && (when?.({ method, path }) ?? true)
        );
      });
      if (!met) return undefined;
      met.left--;
      return met.failure;
    },
  };
}
