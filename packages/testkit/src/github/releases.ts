import { createHash } from 'node:crypto';
import type { BareRepository } from './bare-repository.ts';
import { type Answer, type Call, type Handlers, notFound, page, unprocessable } from './call.ts';

export interface StoredAsset {
  readonly id: number;
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Buffer;
}

export interface StoredRelease {
  readonly id: number;
  tag: string;
  target: string;
  title: string;
  body: string;
  draft: boolean;
  prerelease: boolean;
  readonly author: string;
  readonly createdAt: string;
  publishedAt: string | undefined;
  readonly assets: StoredAsset[];
}

export interface Releases {
  readonly all: readonly StoredRelease[];
  readonly handlers: Handlers;
  /** The bytes behind an asset's download address. */
  download(assetId: number): StoredAsset | undefined;
}

const root = '/repos/{owner}/{repo}/releases';

/** Releases as GitHub has them: drafts are not found by tag, may be there twice, and make no tag. */
export function releases(context: {
  url: string;
  downloadUrl: string;
  repository: string;
  git: BareRepository | undefined;
}): Releases {
  const { url, downloadUrl, repository, git } = context;
  const all: StoredRelease[] = [];
  let nextId = 1;
  const find = (call: Call) => all.find((release) => release.id === Number(call.params.release_id));
  const published = (tag: string) => all.find((release) => !release.draft && release.tag === tag);
  const findAsset = (id: number) => all.flatMap((release) => release.assets).find((asset) => asset.id === id);

  const showAsset = (asset: StoredAsset) => ({
    id: asset.id,
    name: asset.name,
    label: null,
    state: 'uploaded',
    content_type: asset.contentType,
    size: asset.bytes.length,
    digest: `sha256:${createHash('sha256').update(asset.bytes).digest('hex')}`,
    url: `${url}/repos/${repository}/releases/assets/${asset.id}`,
    browser_download_url: `${downloadUrl}/assets/${asset.id}`,
  });
  const show = (release: StoredRelease) => ({
    id: release.id,
    tag_name: release.tag,
    target_commitish: release.target,
    name: release.title,
    body: release.body,
    draft: release.draft,
    prerelease: release.prerelease,
    author: { login: release.author },
    created_at: release.createdAt,
    published_at: release.publishedAt ?? null,
    url: `${url}/repos/${repository}/releases/${release.id}`,
    // A draft has no tag yet, so its page is at a name of its own.
    html_url: `${url}/${repository}/releases/tag/${release.draft ? `untagged-${release.id}` : encodeURIComponent(release.tag)}`,
    upload_url: `${url}/uploads/repos/${repository}/releases/${release.id}/assets{?name,label}`,
    assets: release.assets.map(showAsset),
  });
  const publish = async (release: StoredRelease): Promise<Answer | undefined> => {
    const target = await git?.commitOf(release.target);
    const hasTag = (await git?.commitOf(`refs/tags/${release.tag}`)) !== undefined;
    if (git && !hasTag && !target) {
      return unprocessable({ resource: 'Release', field: 'target_commitish', code: 'invalid' });
    }
    // From here to the end of the change nothing may wait, or two could be published for one tag.
    if (published(release.tag)) {
      return unprocessable({ resource: 'Release', field: 'tag_name', code: 'already_exists' });
    }
    release.draft = false;
    release.publishedAt = new Date().toISOString();
    if (!hasTag && target) await git?.setRef(`refs/tags/${release.tag}`, target);
    return undefined;
  };
  const change = (release: StoredRelease, body: Call['body']) => {
    release.tag = text(body.tag_name) ?? release.tag;
    release.target = text(body.target_commitish) ?? release.target;
    release.title = text(body.name) ?? release.title;
    release.body = text(body.body) ?? release.body;
    if (typeof body.prerelease === 'boolean') release.prerelease = body.prerelease;
  };

  return {
    all,
    download: findAsset,
    handlers: {
      [`GET ${root}`]: (call) => {
        const visible = all.filter((release) => !release.draft || call.actor.access === 'write');
        return page(call, url, visible.toReversed().map(show));
      },
      [`POST ${root}`]: async (call) => {
        const release: StoredRelease = {
          id: nextId++,
          tag: '',
          target: 'main',
          title: '',
          body: '',
          draft: true,
          prerelease: false,
          author: call.actor.login,
          createdAt: new Date().toISOString(),
          publishedAt: undefined,
          assets: [],
        };
        change(release, call.body);
        if (call.body.draft !== true) {
          const refusal = await publish(release);
          if (refusal) return refusal;
        }
        all.push(release);
        return { status: 201, body: show(release) };
      },
      [`GET ${root}/latest`]: () => {
        const latest = all.findLast((release) => !release.draft && !release.prerelease);
        return latest ? { status: 200, body: show(latest) } : notFound();
      },
      [`GET ${root}/tags/{tag}`]: (call) => {
        const release = published(call.params.tag ?? '');
        return release ? { status: 200, body: show(release) } : notFound();
      },
      [`GET ${root}/{release_id}`]: (call) => {
        const release = find(call);
        return release ? { status: 200, body: show(release) } : notFound();
      },
      [`PATCH ${root}/{release_id}`]: async (call) => {
        const release = find(call);
        if (!release) return notFound();
        change(release, call.body);
        if (release.draft && call.body.draft === false) {
          const refusal = await publish(release);
          if (refusal) return refusal;
        }
        return { status: 200, body: show(release) };
      },
      [`DELETE ${root}/{release_id}`]: (call) => {
        const release = find(call);
        if (!release) return notFound();
        all.splice(all.indexOf(release), 1);
        return { status: 204 };
      },
      [`GET ${root}/{release_id}/assets`]: (call) => {
        const release = find(call);
        return release ? page(call, url, release.assets.map(showAsset)) : notFound();
      },
      [`POST ${root}/{release_id}/assets`]: (call) => {
        const release = find(call);
        if (!release) return notFound();
        // GitHub renames what is not plain; a caller that relies on its own name must see that here too.
        const name = (call.query.get('name') ?? '').replaceAll(/[^\w.+-]+/g, '.');
        if (release.assets.some((asset) => asset.name === name)) {
          return unprocessable({ resource: 'ReleaseAsset', field: 'name', code: 'already_exists' });
        }
        if (call.bytes.length === 0) {
          return unprocessable({
            resource: 'ReleaseAsset',
            field: 'size',
            code: 'custom',
            message: 'size must be greater than or equal to 1',
          });
        }
        const contentType = String(call.headers['content-type'] ?? 'application/octet-stream');
        const asset = { id: nextId++, name, contentType, bytes: call.bytes };
        release.assets.push(asset);
        return { status: 201, body: showAsset(asset) };
      },
      [`GET ${root}/assets/{asset_id}`]: (call) => {
        const asset = findAsset(Number(call.params.asset_id));
        if (!asset) return notFound();
        if (!String(call.headers.accept).includes('application/octet-stream')) {
          return { status: 200, body: showAsset(asset) };
        }
        return { status: 302, headers: { location: `${downloadUrl}/assets/${asset.id}` } };
      },
      [`DELETE ${root}/assets/{asset_id}`]: (call) => {
        const id = Number(call.params.asset_id);
        const release = all.find(({ assets }) => assets.some((asset) => asset.id === id));
        if (!release) return notFound();
        release.assets.splice(
          release.assets.findIndex((asset) => asset.id === id),
          1,
        );
        return { status: 204 };
      },
    },
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
