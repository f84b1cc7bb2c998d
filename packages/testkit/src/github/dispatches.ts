import type { Handlers } from './call.ts';

export interface StoredDispatch {
  readonly kind: 'repository' | 'workflow';
  /** The event type, or the workflow's file or id. */
  readonly name: string;
  readonly ref: string | undefined;
  readonly payload: unknown;
  readonly sender: string;
}

/** Events that start workflows, kept to be looked at: nothing runs here. */
export function dispatches(): { readonly all: readonly StoredDispatch[]; readonly handlers: Handlers } {
  const all: StoredDispatch[] = [];
  return {
    all,
    handlers: {
      'POST /repos/{owner}/{repo}/dispatches': ({ body, actor }) => {
        all.push({
          kind: 'repository',
          name: String(body.event_type),
          ref: undefined,
          payload: body.client_payload ?? {},
          sender: actor.login,
        });
        return { status: 204 };
      },
      'POST /repos/{owner}/{repo}/actions/workflows/{workflow_id}/dispatches': ({ body, params, actor }) => {
        all.push({
          kind: 'workflow',
          name: params.workflow_id ?? '',
          ref: String(body.ref),
          payload: body.inputs ?? {},
          sender: actor.login,
        });
        return { status: 204 };
      },
    },
  };
}
