import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, openAsBlob } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fault, InputError, OutsideError } from '@rastro/fault';
import { marker } from '@rastro/report';
import type { Forge } from '@rastro/usecases';
import { hasStatus } from './failures.ts';
import type { Session } from './session.ts';

type Request = Parameters<Forge['ensureRelease']>[0];
type Release = Awaited<ReturnType<Session['octokit']['rest']['repos']['getRelease']>>['data'];
type Asset = Release['assets'][number];

/** How often a run starts over when another that releases the same tag gets in its way. */
const ROUNDS = 3;

/**
 * Draft, upload, publish. A draft that bears our marker for the tag was left by a run that did not get to its end: it is
 * taken up, whatever it holds that differs is replaced. A published release is final and left alone.
 */
export async function ensureRelease(session: Session, request: Request): ReturnType<Forge['ensureRelease']> {
  for (const asset of request.assets) await refuseUnfit(asset);
  return session.attempt({ doing: `releasing ${request.tag}`, permission: 'contents: write' }, async () => {
    for (let round = 1; ; round++) {
      const published = await publishedRelease(session, request.tag);
      if (published) {
        if (round > 1) await deleteDrafts(session, request.tag);
        return { url: published.html_url, status: 'existing' };
      }
      try {
        return await release(session, request);
      } catch (error) {
        // A run at the same time published first and deleted our draft, or works on the same one.
        if (round === ROUNDS || !hasStatus(error, 404, 422)) throw error;
      }
    }
  });
}

async function release(session: Session, request: Request): ReturnType<Forge['ensureRelease']> {
  const { octokit, place } = session;
  const [left] = await ourDrafts(session, request.tag);
  const draft = left ?? (await createDraft(session, request));
  await fillDraft(session, draft, request);
  const { data } = await octokit.rest.repos.updateRelease({
    ...place,
    release_id: draft.id,
    ...contentOf(request),
    draft: false,
  });
  await deleteDrafts(session, request.tag);
  return { url: data.html_url, status: left ? 'resumed' : 'created' };
}

async function deleteDrafts(session: Session, tag: string): Promise<void> {
  const { octokit, place } = session;
  for (const { id } of await ourDrafts(session, tag)) {
    await octokit.rest.repos.deleteRelease({ ...place, release_id: id }).catch(unlessGone);
  }
}

/** Downloads to a neighbour of the target and renames it, so that the target is there whole or not at all. */
export async function downloadAsset(
  session: Session,
  { tag, name, to }: Parameters<Forge['downloadAsset']>[0],
): Promise<boolean> {
  const { octokit, place, attempt } = session;
  return attempt({ doing: `downloading ${name} of ${tag}`, permission: 'contents: read' }, async () => {
    const release = await publishedRelease(session, tag);
    if (!release) return false;
    const asset = (await assetsOf(session, release.id)).find((candidate) => candidate.name === name);
    if (!asset) return false;
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/releases/assets/{asset_id}', {
      ...place,
      asset_id: asset.id,
      headers: { accept: 'application/octet-stream' },
      request: { parseSuccessResponseBody: false },
    });
    const partial = `${to}.part`;
    try {
      await pipeline(Readable.fromWeb(data as never), createWriteStream(partial));
      if (!(await isSameFile(partial, asset))) {
        const message = `${name} of ${tag} did not arrive as GitHub describes it`;
        throw new OutsideError(fault('asset-damaged', message, undefined, 'Run the job again.'));
      }
      await rename(partial, to);
    } finally {
      await rm(partial, { force: true });
    }
    return true;
  });
}

async function createDraft({ octokit, place }: Session, request: Request): Promise<Release> {
  const { data } = await octokit.rest.repos.createRelease({ ...place, ...contentOf(request), draft: true });
  return data;
}

function contentOf({ tag, commit, title, body, prerelease }: Request) {
  return {
    tag_name: tag,
    target_commitish: commit,
    name: title,
    body: `${marker(`release/${tag}`)}\n${body}`,
    prerelease,
  };
}

async function fillDraft(session: Session, draft: Release, request: Request): Promise<void> {
  const { octokit, place } = session;
  const present = await assetsOf(session, draft.id);
  const complete = new Set<string>();
  for (const asset of present) {
    const wanted = request.assets.find(({ name }) => name === asset.name);
    if (wanted && asset.state === 'uploaded' && (await isSameFile(wanted.path, asset)))
      complete.add(asset.name);
    else await deleteAsset(session, asset.id);
  }
  for (const { name, path, contentType } of request.assets) {
    if (complete.has(name)) continue;
    try {
      await octokit.rest.repos.uploadReleaseAsset({
        ...place,
        url: draft.upload_url,
        release_id: draft.id,
        name,
        // The type says text, but octokit sends on whatever fetch takes; a Blob is streamed and can be sent twice.
        data: (await openAsBlob(path)) as unknown as string,
        headers: { 'content-type': contentType },
      });
    } catch (error) {
      if (!hasStatus(error, 422) || !(await isThere(session, draft.id, { name, path }))) throw error;
    }
  }
}

/** Another run may have uploaded the same file, or our own upload got through although its answer did not. */
async function isThere(
  session: Session,
  releaseId: number,
  file: { name: string; path: string },
): Promise<boolean> {
  const asset = (await assetsOf(session, releaseId)).find(({ name }) => name === file.name);
  return asset !== undefined && isSameFile(file.path, asset);
}

async function publishedRelease({ octokit, place }: Session, tag: string): Promise<Release | undefined> {
  try {
    const { data } = await octokit.rest.repos.getReleaseByTag({ ...place, tag });
    return data.draft ? undefined : data;
  } catch (error) {
    if (hasStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Oldest first. Only who may write can make a draft, so the marker is enough to know ours from someone's own. */
async function ourDrafts({ octokit, place }: Session, tag: string): Promise<Release[]> {
  const start = marker(`release/${tag}`);
  const all = await octokit.paginate(octokit.rest.repos.listReleases, { ...place, per_page: 100 });
  return all
    .filter((release) => release.draft && release.tag_name === tag && release.body?.startsWith(start))
    .sort((a, b) => a.id - b.id);
}

async function assetsOf({ octokit, place }: Session, releaseId: number): Promise<Asset[]> {
  return octokit.paginate(octokit.rest.repos.listReleaseAssets, {
    ...place,
    release_id: releaseId,
    per_page: 100,
  });
}

async function deleteAsset({ octokit, place }: Session, id: number): Promise<void> {
  await octokit.rest.repos.deleteReleaseAsset({ ...place, asset_id: id }).catch(unlessGone);
}

function unlessGone(error: unknown): void {
  if (!hasStatus(error, 404)) throw error;
}

/** Equal size, and equal digest where GitHub tells one. */
async function isSameFile(path: string, asset: Asset): Promise<boolean> {
  if ((await stat(path)).size !== asset.size) return false;
  if (!asset.digest?.startsWith('sha256:')) return true;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return asset.digest === `sha256:${hash.digest('hex')}`;
}

/** GitHub refuses empty files, and renames those whose names are not plain: then a second run would not find them. */
async function refuseUnfit({ name, path }: Request['assets'][number]): Promise<void> {
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name) || name.endsWith('.')) {
    const next = 'Use letters, digits, ".", "_" and "-", and no "." at either end.';
    throw new InputError(
      fault('asset-name', `"${name}" cannot be the name of a release asset`, undefined, next),
    );
  }
  if ((await stat(path)).size === 0) {
    const next = 'Check the step that writes it.';
    throw new InputError(
      fault('asset-empty', `${name} is empty, and GitHub keeps no empty asset`, { file: path }, next),
    );
  }
}
