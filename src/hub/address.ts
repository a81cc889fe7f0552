import { WebVeraError } from '../core/errors/error';
import type { FolderSource } from '../core/types/source';

export interface HubOptions {
  /** The server of models that are given by name. Default: 'https://huggingface.co/'. */
  readonly remoteHost?: string | undefined;
  /** The path of a model's folder on `remoteHost`. Default: '{model}/resolve/{revision}/'. */
  readonly remotePathTemplate?: string | undefined;
  /** A branch, tag or commit on the hub. Default: 'main'. A source's own revision takes precedence. */
  readonly revision?: string | undefined;
}

/** The URL of a model folder. */
export interface Address {
  readonly name: string;
  /** The URL of the folder. Its path ends in a slash. */
  readonly folder: URL;
  /** On the hub: a branch, tag or commit. */
  readonly revision?: string;
  /** On the hub: returns the URL of the same folder at a commit. */
  readonly atCommit?: (commit: string) => URL;
  /** On the hub: whether a folder's URL, as written by `displayUrl`, belongs to the same repository, at any revision. */
  readonly isSameRepo?: (folder: string) => boolean;
}

/** The hub's default branch. */
export const DEFAULT_REVISION = 'main';

export type RemoteSource = Exclude<FolderSource, { readonly files: ReadonlyMap<string, Blob> }>;

/** Returns the URL of a model's folder. Makes no request. Throws `invalid_argument`. */
export function resolveAddress(source: RemoteSource, options: HubOptions = {}): Address {
  if (source instanceof URL) return addressOfUrl(source);
  const { repo, revision = options.revision ?? DEFAULT_REVISION, subfolder = '' } = asRepo(source);
  expectPart('a repository as owner/name', repo, isRepoId(repo));
  expectPart('a revision: a branch, tag or commit', revision, isRevision(revision));
  const folders = subfolder.split('/').filter((part) => part !== '');
  expectPart('a subfolder as a/b', subfolder, folders.every(isPlainName));
  const { remoteHost = 'https://huggingface.co/', remotePathTemplate = '{model}/resolve/{revision}/' } = options;
  const host = withSlash(parseUrl(remoteHost).href);
  const path = withSlash(remotePathTemplate).replaceAll('{model}', () => repo);
  const folderAt = (at: string): URL => {
    const root = path.replaceAll('{revision}', () => encodeURIComponent(at));
    return new URL([root, ...folders.map((name) => `${encodeURIComponent(name)}/`)].join(''), host);
  };
  const [before = '', after = ''] = path.split('{revision}');
  const isSameRepo = (other: string): boolean => {
    const begin = displayUrl(new URL(before, host));
    const afterRevision = other.slice(begin.length).replace(/^[^/]*/, '');
    return other.startsWith(begin) && afterRevision.startsWith(after);
  };
  const folder = folderAt(revision);
  expectFetchable(folder);
  return { name: repo, folder, revision, atCommit: folderAt, isSameRepo };
}

/** Returns the URL of a file in a folder. It includes the query of the folder's URL, which may contain a signature. */
export function fileUrl(folder: URL, file: string): URL {
  const url = new URL(folder);
  url.pathname += file.split('/').map(encodeURIComponent).join('/');
  return url;
}

/** Returns a URL for messages, without its query, which may contain a signature. */
export function displayUrl(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

/**
 * Throws `invalid_argument` unless pages may load models from the URL: by https, from this machine, or from the page's own origin, which
 * has another scheme in an app or an extension. A URL with a user name or a password is rejected too.
 */
export function expectFetchable(url: URL): void {
  if (url.username !== '' || url.password !== '') {
    throw new WebVeraError('invalid_argument', `Expected an address without credentials, got some for ${url.host}`, {
      hint: 'Serve the files without a password, or load them as { files }.',
    });
  }
  const { protocol, hostname, host, origin } = url;
  if (protocol === 'https:' || (protocol === 'http:' && isOwn(url))) return;
  // A `blob:` URL has the origin of the page that made it, and `file:` has no host.
  const isApp = host !== '' && origin === `${protocol}//${host}`;
  if (isApp && origin === globalThis.location?.origin) return;
  throw new WebVeraError('invalid_argument', `Expected an https address, got ${protocol}//${hostname}`, {
    hint: "Other addresses are allowed only for localhost and the page's own origin: load other files by https, or fetch them yourself and pass { files }.",
  });
}

/** Whether the URL is on this machine or on the page's own origin. */
export function isOwn({ hostname, origin }: URL): boolean {
  const isOwnMachine = /^(?:localhost|.+\.localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  return isOwnMachine || origin === globalThis.location?.origin;
}

function asRepo(source: Exclude<RemoteSource, URL>): { repo: string; revision?: string; subfolder?: string } {
  if (typeof source === 'object') return source;
  if (!/^[a-z]+:/i.test(source)) return { repo: source };
  throw new WebVeraError('invalid_argument', `Expected a repository as owner/name, got the address ${source}`, {
    hint: 'Pass addresses as new URL(…).',
  });
}

function addressOfUrl(url: URL): Address {
  expectFetchable(url);
  const folder = new URL(url);
  folder.hash = '';
  folder.pathname = withSlash(folder.pathname);
  const name = folder.pathname.split('/').at(-2) ?? '';
  const page = /^https:\/\/(?:huggingface\.co|hf\.co)\/((?:[^/]+\/)?[^/]+)\/(?:(?:tree|blob|raw)\/.*)?$/.exec(
    displayUrl(folder),
  );
  if (page !== null) {
    const message = `Expected the address of a folder, got the hub's page ${displayUrl(url)}`;
    throw new WebVeraError('invalid_argument', message, { hint: `Pass the model's name: '${page[1]}'.` });
  }
  if (/\.(?:safetensors|json|bin|gguf)$/i.test(name)) {
    throw new WebVeraError('invalid_argument', `Expected the address of a folder, got the file ${displayUrl(url)}`, {
      hint: "Leave the file's name out: webvera finds config.json and the tokenizer beside the weights.",
    });
  }
  return { name: name === '' ? folder.host : name, folder };
}

function parseUrl(address: string): URL {
  try {
    return new URL(address);
  } catch (cause) {
    throw new WebVeraError('invalid_argument', `Expected remoteHost to be an address, got ${address}`, { cause });
  }
}

function expectPart(what: string, value: unknown, valid: boolean): void {
  if (valid) return;
  throw new WebVeraError('invalid_argument', `Expected ${what}, got ${JSON.stringify(value)}`, {
    hint: "A model on the hub has a name like HuggingFaceTB/SmolLM2-135M, your own folder a path like './models/mine/'.",
  });
}

/** Checks the hub's rule for repository names: one or two parts of letters, digits, `-`, `_` and `.`, without `--` and `..`. */
function isRepoId(repo: unknown): boolean {
  return (
    typeof repo === 'string' &&
    /^(?:\w[\w.-]{0,95}\/)?\w[\w.-]{0,95}$/.test(repo) &&
    !/--|\.\.|\.git$|[-.](?:\/|$)/.test(repo)
  );
}

function isRevision(revision: unknown): boolean {
  return typeof revision === 'string' && /^\w[\w./-]{0,255}$/.test(revision) && !revision.includes('..');
}

/** Whether a string can be one folder's name in a path. Folders on the hub may have names such as 'epoch=3-step=1200'. */
function isPlainName(part: string): boolean {
  return part !== '.' && part !== '..' && /^[^/\\?#%\p{Cc}\p{Cs}]+$/u.test(part);
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}
