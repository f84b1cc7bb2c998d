import { execFileSync } from 'node:child_process';
import { restore } from './kept-workspace.mjs';

const input = (name) => process.env[`INPUT_${name.toUpperCase()}`] ?? '';
const git = (...args) => execFileSync('git', args, { stdio: ['ignore', 'ignore', 'inherit'] });
const { GITHUB_SERVER_URL: server, GITHUB_REF: ref, GITHUB_SHA: sha, ACT_KEPT_WORKSPACE: kept } = process.env;

const header = `http.${server}/.extraheader`;
const basic = Buffer.from(`x-access-token:${input('token')}`).toString('base64');
git('init', '--quiet', '--initial-branch=nothing');
git('remote', 'add', 'origin', `${server}/${input('repository')}`);
git('config', header, `AUTHORIZATION: basic ${basic}`);

const depth = input('fetch-depth');
const everything = ['+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*'];
if (depth === '0') git('fetch', '--quiet', '--no-tags', 'origin', ...everything);
const shallow = depth === '0' ? [] : [`--depth=${depth}`];
git('fetch', '--quiet', '--no-tags', ...shallow, 'origin', input('ref') || sha);
const branch = !input('ref') && /^refs\/heads\/(.+)$/.exec(ref)?.[1];
git('checkout', '--quiet', ...(branch ? ['-B', branch] : ['--detach']), 'FETCH_HEAD');
if (input('persist-credentials') === 'false') git('config', '--unset-all', header);

if (kept && input('clean') === 'false') restore(kept);
