/** Who a token belongs to, and what it may do. */
export interface Actor {
  readonly login: string;
  readonly access: 'read' | 'write';
}

/** One request that has passed the description of GitHub's API. */
export interface Call {
  /** The operation as the description names it: `POST /repos/{owner}/{repo}/releases`. */
  readonly operation: string;
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  /** The JSON body; an empty object where there is none. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly actor: Actor;
}

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Answers of our own, by operation. Operations without one go to the emulator. */
export type Handlers = Readonly<Record<string, (call: Call) => Answer | Promise<Answer>>>;

export function notFound(): Answer {
  return { status: 404, body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest' } };
}

/** GitHub's answer to a body that is well-formed but not acceptable. */
export function unprocessable(error: {
  resource?: string;
  field?: string;
  code: string;
  message?: string;
}): Answer {
  return { status: 422, body: { message: 'Validation Failed', errors: [error], status: '422' } };
}

export function unknownCommit(ref: string): Answer {
  return { status: 422, body: { message: `No commit found for SHA: ${ref}`, status: '422' } };
}

/** A page of a list, with the `Link` header that leads to the others. */
export function page(call: Call, url: string, list: readonly unknown[], wrap?: string): Answer {
  const size = Math.min(Number(call.query.get('per_page') ?? 30), 100);
  const at = Number(call.query.get('page') ?? 1);
  const last = Math.max(1, Math.ceil(list.length / size));
  const link = (number: number, rel: string) => {
    const query = new URLSearchParams(call.query);
    query.set('page', String(number));
    return `<${url}${call.path}?${query}>; rel="${rel}"`;
  };
  const items = list.slice((at - 1) * size, at * size);
  return {
    status: 200,
    body: wrap ? { total_count: list.length, [wrap]: items } : items,
    headers: at < last ? { link: `${link(at + 1, 'next')}, ${link(last, 'last')}` } : {},
  };
}
