import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Answer } from '../github/call.ts';
import { readAll, send } from '../github/message.ts';
import { listenOnLoopback } from '../loopback.ts';
import { type ArtifactStore, artifactStore, type StoredArtifact } from './artifact-store.ts';
import { type BlobStore, blobStore } from './blob-store.ts';
import { type CacheAccess, type CacheStore, cacheStore } from './cache-store.ts';

/** The service that a runner's jobs bring their artifacts and caches to. */
export interface Results {
  readonly url: string;
  readonly store: ArtifactStore;
  readonly cache: CacheStore;
  /** Where the bytes of an artifact are, for whoever has the link. */
  downloadUrl(artifact: StoredArtifact): string;
  stop(): Promise<void>;
}

type Message = Readonly<Record<string, unknown>>;

/** What the token of a job says: whose run it is, and which scopes of the cache it opens. */
interface Job {
  readonly runId: string;
  readonly access: readonly CacheAccess[];
}

const services = '/twirp/github.actions.results.api.v1.';

/** The token that a job of a run brings along; the service lets it see its own run only, and the caches that it may see. */
export function runtimeToken(runId: string, access: readonly CacheAccess[] = []): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { scp: `Actions.Results:${runId}:job`, ac: JSON.stringify(access) };
  return `${part({ alg: 'none' })}.${part(claims)}.x`;
}

/**
 * The caches that a job on a ref may see: its own, which it may also write, the one of the pull request's base, and the
 * default branch's.
 */
export function cacheAccess(ref: string, base?: string): CacheAccess[] {
  const readable = [...(base ? [`refs/heads/${base}`] : []), 'refs/heads/main'];
  return [
    { Scope: ref, Permission: 3 },
    ...[...new Set(readable)]
      .filter((scope) => scope !== ref)
      .map((scope) => ({ Scope: scope, Permission: 1 })),
  ];
}

/** Starts the service: its calls in Twirp's JSON, and a blob store that speaks as much of Azure's as its clients use. */
export async function startResults(): Promise<Results> {
  const blobs = blobStore();
  const store = artifactStore(blobs);
  const cache = cacheStore(blobs);
  const blobUrl = (id: number) => `${url}/blobs/${id}?sig=loopback`;
  const downloadUrl = (artifact: StoredArtifact) => blobUrl(artifact.id);
  const calls: Readonly<Record<string, (job: Job, message: Message) => Answer>> = {
    ...artifactCalls(store, blobUrl),
    ...cacheCalls(cache, blobUrl),
  };
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const address = new URL(request.url ?? '/', 'http://loopback');
    const bytes = await readAll(request);
    const blob = /^\/blobs\/(\d+)$/.exec(address.pathname)?.[1];
    if (blob !== undefined) {
      const asked = { id: Number(blob), method: request.method, query: address.searchParams, bytes };
      answerBlob({ blobs, store }, asked, response);
      return;
    }
    const call = address.pathname.startsWith(services)
      ? calls[address.pathname.slice(services.length)]
      : undefined;
    const job = jobOf(request.headers.authorization);
    if (!call) send(response, refuse(404, 'bad_route', `there is no call ${address.pathname}`));
    else if (!job) send(response, refuse(401, 'unauthenticated', 'the token is none of a job'));
    else send(response, call(job, JSON.parse(bytes.toString('utf8')) as Message));
  };
  const { url, stop } = await listenOnLoopback(
    createServer((request, response) => {
      serve(request, response).catch((error: unknown) =>
        send(response, refuse(500, 'internal', String(error))),
      );
    }),
  );
  return { url, store, cache, downloadUrl, stop };
}

type Calls = Record<string, (job: Job, message: Message) => Answer>;

function artifactCalls(store: ArtifactStore, blobUrl: (id: number) => string): Calls {
  const find = (job: Job, name: string) =>
    store.all.find((artifact) => artifact.runId === job.runId && artifact.name === name);
  const missing = (name: string) => refuse(404, 'not_found', `the run has no artifact named ${name}`);
  const calls: Record<string, (job: Job, message: Message, name: string) => Answer> = {
    CreateArtifact({ runId }, message, name) {
      const contentType = String(message.mime_type ?? 'application/zip');
      const id = store.begin({ runId, name, contentType });
      return id === undefined
        ? refuse(409, 'already_exists', `the run has an artifact named ${name}`)
        : { status: 200, body: { ok: true, signed_upload_url: blobUrl(id) } };
    },
    FinalizeArtifact({ runId }, message, name) {
      const artifact = store.finish({ runId, name, size: Number(message.size ?? 0) });
      return artifact
        ? { status: 200, body: { ok: true, artifact_id: String(artifact.id) } }
        : refuse(400, 'failed_precondition', `${name} was not uploaded in that size`);
    },
    ListArtifacts({ runId }, message) {
      const wanted = store.all.filter(
        (artifact) =>
          artifact.runId === runId &&
          (message.name_filter === undefined || artifact.name === message.name_filter) &&
          (message.id_filter === undefined || artifact.id === Number(message.id_filter)),
      );
      return { status: 200, body: { artifacts: wanted.map(showArtifact) } };
    },
    GetSignedArtifactURL(job, _message, name) {
      const artifact = find(job, name);
      return artifact ? { status: 200, body: { signed_url: blobUrl(artifact.id) } } : missing(name);
    },
    DeleteArtifact(job, _message, name) {
      const artifact = find(job, name);
      if (!artifact) return missing(name);
      store.remove(artifact);
      return { status: 200, body: { ok: true, artifact_id: String(artifact.id) } };
    },
  };
  return Object.fromEntries(
    Object.entries(calls).map(([method, call]) => [
      `ArtifactService/${method}`,
      (job, message) =>
        job.runId === message.workflow_run_backend_id
          ? call(job, message, String(message.name ?? ''))
          : refuse(403, 'permission_denied', 'the token is of another run'),
    ]),
  );
}

function cacheCalls(cache: CacheStore, blobUrl: (id: number) => string): Calls {
  const entryOf = ({ key, version }: Message) => ({ key: String(key), version: String(version) });
  return {
    'CacheService/CreateCacheEntry': ({ access }, message) => {
      const id = cache.begin(access, entryOf(message));
      return id === undefined
        ? refuse(409, 'already_exists', `the cache has an entry ${message.key}`)
        : { status: 200, body: { ok: true, signed_upload_url: blobUrl(id) } };
    },
    'CacheService/FinalizeCacheEntryUpload': ({ access }, message) => {
      const entry = cache.finish(access, entryOf(message));
      return { status: 200, body: entry ? { ok: true, entry_id: String(entry.id) } : { ok: false } };
    },
    'CacheService/GetCacheEntryDownloadURL': ({ access }, message) => {
      const restoreKeys = ((message.restore_keys as string[] | undefined) ?? []).map(String);
      const entry = cache.find(access, { ...entryOf(message), restoreKeys });
      return {
        status: 200,
        body: entry
          ? { ok: true, signed_download_url: blobUrl(entry.id), matched_key: entry.key }
          : { ok: false },
      };
    },
  };
}

function answerBlob(
  { blobs, store }: { blobs: BlobStore; store: ArtifactStore },
  request: { id: number; method: string | undefined; query: URLSearchParams; bytes: Buffer },
  response: ServerResponse,
): void {
  const { id, method, query, bytes } = request;
  if (method === 'PUT') {
    const step = query.get('comp');
    if (step === 'block') blobs.putBlock(id, query.get('blockid') ?? '', bytes);
    else if (step === 'blocklist') blobs.putBlockList(id, blockIdsOf(bytes.toString('utf8')));
    else blobs.put(id, bytes);
    send(response, {
      status: 201,
      headers: { etag: '"loopback"', 'last-modified': new Date(0).toUTCString() },
    });
    return;
  }
  const content = blobs.read(id);
  if (!content) {
    send(response, { status: 404 });
    return;
  }
  const artifact = store.all.find((candidate) => candidate.id === id);
  response.writeHead(200, {
    'content-type': artifact?.contentType ?? 'application/octet-stream',
    'content-length': content.length,
    ...(artifact ? { 'content-disposition': `attachment; filename="${fileNameOf(artifact)}"` } : {}),
  });
  response.end(content);
}

function fileNameOf({ name, contentType }: StoredArtifact): string {
  return contentType === 'application/zip' ? `${name}.zip` : name;
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

function jobOf(authorization: string | undefined): Job | undefined {
  const [, claims = ''] = String(authorization).split('.');
  try {
    const { scp, ac } = JSON.parse(Buffer.from(claims, 'base64url').toString('utf8')) as {
      scp?: string;
      ac?: string;
    };
    const runId = scp?.split(':')[1];
    return runId === undefined
      ? undefined
      : { runId, access: JSON.parse(ac ?? '[]') as readonly CacheAccess[] };
  } catch {
    return undefined;
  }
}

function refuse(status: number, code: string, msg: string): Answer {
  return { status, body: { code, msg } };
}
