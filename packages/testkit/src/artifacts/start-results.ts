import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Answer } from '../github/call.ts';
import { readAll, send } from '../github/message.ts';
import { listenOnLoopback } from '../loopback.ts';
import { type ArtifactStore, artifactStore, type StoredArtifact } from './artifact-store.ts';

/** The service that a runner's jobs bring their artifacts to. */
export interface Results {
  readonly url: string;
  readonly store: ArtifactStore;
  /** Where the bytes of an artifact are, for whoever has the link. */
  downloadUrl(artifact: StoredArtifact): string;
  stop(): Promise<void>;
}

type Message = Readonly<Record<string, unknown>>;

const service = '/twirp/github.actions.results.api.v1.ArtifactService/';

/** The token that a job of a run brings along; the service lets it see its own run only. */
export function runtimeToken(runId: string): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none' })}.${part({ scp: `Actions.Results:${runId}:job` })}.x`;
}

/** Starts the service: its calls in Twirp's JSON, and a blob store that speaks as much of Azure's as its clients use. */
export async function startResults(): Promise<Results> {
  const store = artifactStore();
  const downloadUrl = (artifact: StoredArtifact) => `${url}/blobs/${artifact.id}?sig=loopback`;
  const answerCall = (method: string, runId: string, message: Message): Answer => {
    const name = String(message.name ?? '');
    const find = () => store.all.find((artifact) => artifact.runId === runId && artifact.name === name);
    switch (method) {
      case 'CreateArtifact': {
        const upload = store.begin({
          runId,
          name,
          contentType: String(message.mime_type ?? 'application/zip'),
        });
        if (!upload) return refuse(409, 'already_exists', `the run has an artifact named ${name}`);
        const signedUrl = `${url}/blobs/${upload.uploadId}?sig=loopback`;
        return { status: 200, body: { ok: true, signed_upload_url: signedUrl } };
      }
      case 'FinalizeArtifact': {
        const artifact = store.finish({ runId, name, size: Number(message.size ?? 0) });
        if (!artifact) return refuse(400, 'failed_precondition', `${name} was not uploaded in that size`);
        return { status: 200, body: { ok: true, artifact_id: String(artifact.id) } };
      }
      case 'ListArtifacts': {
        const wanted = store.all.filter(
          (artifact) =>
            artifact.runId === runId &&
            (message.name_filter === undefined || artifact.name === message.name_filter) &&
            (message.id_filter === undefined || artifact.id === Number(message.id_filter)),
        );
        return { status: 200, body: { artifacts: wanted.map(showArtifact) } };
      }
      case 'GetSignedArtifactURL': {
        const artifact = find();
        if (!artifact) return refuse(404, 'not_found', `the run has no artifact named ${name}`);
        return { status: 200, body: { signed_url: downloadUrl(artifact) } };
      }
      case 'DeleteArtifact': {
        const artifact = find();
        if (!artifact) return refuse(404, 'not_found', `the run has no artifact named ${name}`);
        store.remove(artifact);
        return { status: 200, body: { ok: true, artifact_id: String(artifact.id) } };
      }
      default:
        return refuse(404, 'bad_route', `there is no call ${method}`);
    }
  };
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const address = new URL(request.url ?? '/', 'http://loopback');
    const bytes = await readAll(request);
    const blob = /^\/blobs\/(\d+)$/.exec(address.pathname)?.[1];
    if (blob !== undefined) {
      answerBlob(
        store,
        { id: Number(blob), method: request.method, query: address.searchParams, bytes },
        response,
      );
    } else if (address.pathname.startsWith(service)) {
      const message = JSON.parse(bytes.toString('utf8')) as Message;
      const runId = runOf(request.headers.authorization);
      const isOwn = runId !== undefined && runId === message.workflow_run_backend_id;
      const method = address.pathname.slice(service.length);
      send(
        response,
        isOwn
          ? answerCall(method, runId, message)
          : refuse(403, 'permission_denied', 'the token is of another run'),
      );
    } else {
      send(response, refuse(404, 'bad_route', `nothing is at ${address.pathname}`));
    }
  };
  const { url, stop } = await listenOnLoopback(
    createServer((request, response) => {
      serve(request, response).catch((error: unknown) =>
        send(response, refuse(500, 'internal', String(error))),
      );
    }),
  );
  return { url, store, downloadUrl, stop };
}

function answerBlob(
  store: ArtifactStore,
  request: { id: number; method: string | undefined; query: URLSearchParams; bytes: Buffer },
  response: ServerResponse,
): void {
  const { id, method, query, bytes } = request;
  if (method === 'PUT') {
    const step = query.get('comp');
    if (step === 'block') store.putBlock(id, query.get('blockid') ?? '', bytes);
    else if (step === 'blocklist') store.putBlockList(id, blockIdsOf(bytes.toString('utf8')));
    else store.put(id, bytes);
    send(response, {
      status: 201,
      headers: { etag: '"loopback"', 'last-modified': new Date(0).toUTCString() },
    });
    return;
  }
  const artifact = store.all.find((candidate) => candidate.id === id);
  if (!artifact) {
    send(response, { status: 404 });
    return;
  }
  const fileName = artifact.contentType === 'application/zip' ? `${artifact.name}.zip` : artifact.name;
  response.writeHead(200, {
    'content-type': artifact.contentType,
    'content-length': artifact.bytes.length,
    'content-disposition': `attachment; filename="${fileName}"`,
  });
  response.end(artifact.bytes);
}

function blockIdsOf(xml: string): string[] {
  return [...xml.matchAll(/<Latest>([^<]*)<\/Latest>/g)].map(([, id = '']) => id);
}

function showArtifact(artifact: StoredArtifact) {
  return {
    workflow_run_backend_id: artifact.runId,
    workflow_job_run_backend_id: 'job',
    database_id: String(artifact.id),
    name: artifact.name,
    size: String(artifact.bytes.length),
    created_at: artifact.createdAt,
    digest: artifact.digest,
  };
}

function runOf(authorization: string | undefined): string | undefined {
  const [, claims = ''] = String(authorization).split('.');
  try {
    const { scp } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as { scp?: string };
    return scp?.split(':')[1];
  } catch {
    return undefined;
  }
}

function refuse(status: number, code: string, msg: string): Answer {
  return { status, body: { code, msg } };
}
