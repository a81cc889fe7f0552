import { WebVeraError } from '../../core/errors/error';
import type { Warn } from '../../core/errors/warning';
import { isCommit } from '../../core/input/commit';
import type { ByteStream, FileSource } from '../../core/input/file_source';
import { DEFAULT_REVISION, displayUrl, isOwn } from '../../hub/address';
import { isRevisionGone } from '../../hub/answers';
import type { Download } from '../../hub/download';
import type { HttpFolder } from '../../hub/http';
import type { KeptFile, WeightStore } from '../../store/weight_store';
import { CachedCopy } from './cached_copy';
import { CachedStream } from './cached_stream';
import { canResume, corrupt, factsOf, hasBytes, isComplete, isSame } from './copy_records';
import { known } from './store_failures';

export interface CachedFolderOptions {
  readonly store: WeightStore;
  readonly warn: Warn;
  readonly signal?: AbortSignal | undefined;
  /** If true, no request is made, and only cached files are found. */
  readonly isLocal: boolean;
  /** Whether to ask the page's own server or localhost if a complete file has changed. Default: true. */
  readonly revalidates?: boolean | undefined;
  /** Whether all requests are rejected from now on. Default: never. */
  readonly isSealed?: (() => boolean) | undefined;
  /** Called for each damaged copy. */
  readonly onDamage?: ((file: string) => void) | undefined;
}

/** Whether a folder's files can be cached. An address with a query doesn't identify a file, because the query may contain a signature. */
export function isCacheable({ address }: HttpFolder): boolean {
  return address.folder.search === '';
}

/**
 * A folder whose files are cached while they are downloaded, and afterwards read from the cache. A branch of the hub stays at the commit
 * that was found when the model was first loaded, and files of other servers are assumed not to change. Only the page's own server and
 * localhost are asked at each load whether a file has changed. If such a server can't be reached and hasn't answered yet in this load, the
 * load reads all files from the cache, with a warning.
 */
export class CachedFolder implements FileSource {
  readonly name: string;
  readonly #http: HttpFolder;
  readonly #options: CachedFolderOptions;
  #pinned: Promise<void> | undefined;
  /** Whether a file with weights or a tokenizer was found, or the folder is at a commit. Only then are missing files recorded. */
  #isModelFound = false;
  /** Records of missing files, which are stored once a model's file is found. */
  readonly #absent: KeptFile[] = [];
  /** The files about which the server has answered in this load. */
  readonly #answered = new Set<string>();
  /** The error of a server that can't be reached. While it is set, only cached files are read. */
  #offline: WebVeraError | undefined;

  constructor(http: HttpFolder, options: CachedFolderOptions) {
    this.name = http.name;
    this.#http = http;
    http.cache = 'no-store';
    this.#options = options;
  }

  get location(): string {
    return this.#options.isLocal ? `what is kept here of ${this.#http.location}` : this.#http.location;
  }

  expect(bytes: number): void {
    this.#http.expect(bytes);
  }

  async open(file: string): Promise<ByteStream | undefined> {
    const { signal, isLocal, store } = this.#options;
    signal?.throwIfAborted();
    await this.#pin();
    // If the store fails, the model loads without a cached copy.
    const looked = known(store.get(this.#folder, file));
    const record = await (isLocal ? looked : looked.catch(() => undefined));
    if (isComplete(record) && !this.#asksFor(file)) return record.state === 'absent' ? undefined : this.#cached(record);
    if (isLocal) {
      if (record?.state === 'corrupt') throw corrupt(file);
      return undefined;
    }
    if (this.#offline !== undefined) throw this.#offline;
    try {
      const stream = await this.#download(file, record);
      this.#answered.add(file);
      if (this.#offline === undefined) return stream;
      // During this download, another file's request couldn't reach the server, so all files are now read from the cache.
      await stream?.cancel();
      return await this.open(file);
    } catch (error) {
      if (isRevisionGone(error)) throw await this.#unpinned(error);
      if (!this.#mayDoWithout(error) || !isComplete(record)) throw error;
      this.#offline = error;
      const message = `${this.#http.location} can't be reached, so the files of the last load are used`;
      this.#options.warn({ code: 'offline', message });
      return this.open(file);
    }
  }

  /** Deletes the stored commit, which the hub no longer has, and returns the error: a load must not mix the files of two commits. */
  async #unpinned(error: WebVeraError): Promise<WebVeraError> {
    const own = displayUrl(this.#http.address.folder);
    if ((await this.#options.store.commit(own).catch(() => undefined)) === undefined) return error;
    await this.#tryStoring(() => this.#options.store.forgetCommits((folder) => folder === own));
    return new WebVeraError('not_found', error.message, {
      retryable: true,
      hint: 'The hub no longer has the commit of the first load. Load again: the newest commit is used then.',
      detail: error.detail,
    });
  }

  /** Whether to use cached files instead: the server can't be reached, and hasn't answered before in this load. */
  #mayDoWithout(error: unknown): error is WebVeraError {
    const isOffline = error instanceof WebVeraError && error.code === 'offline' && error.retryable;
    return isOffline && this.#mayChange && this.#answered.size === 0;
  }

  /** Whether to ask the server for a file of which a copy is cached. */
  #asksFor(file: string): boolean {
    const { isLocal, revalidates = true, isSealed } = this.#options;
    if (isLocal || this.#offline !== undefined || !revalidates || !this.#mayChange) return false;
    // A sealed session asks, and so fails, only if the server has answered for other files in this load: this copy may be older than those.
    return isSealed?.() !== true || (this.#answered.size > 0 && !this.#answered.has(file));
  }

  async isUnknown(file: string): Promise<boolean> {
    const { isLocal, store } = this.#options;
    if (!isLocal) return false;
    await this.#pin();
    const { state = 'partial' } = (await known(store.get(this.#folder, file))) ?? {};
    return state === 'partial';
  }

  async cachedBytes(file: string): Promise<number> {
    await this.#pin();
    // If the store fails, the file counts as not cached.
    const record = await this.#options.store.get(this.#folder, file).catch(() => undefined);
    return hasBytes(record) ? record.bytes : 0;
  }

  /** Returns the records of this folder's cached files. */
  async records(): Promise<readonly KeptFile[]> {
    await this.#pin();
    return (await known(this.#options.store.list())).filter(({ folder }) => folder === this.#folder);
  }

  /** Deletes this folder's cached files. For a model at the hub's default revision, deletes the files of all revisions. */
  async delete(): Promise<void> {
    const { store } = this.#options;
    const { address } = this.#http;
    await this.#pin();
    const isSameRepo = address.revision === DEFAULT_REVISION ? address.isSameRepo : undefined;
    const isMeant =
      isSameRepo === undefined
        ? ({ folder }: KeptFile) => folder === this.#folder
        : ({ model, folder }: KeptFile) => model === this.name && folder.startsWith(address.folder.origin);
    // The records of commits are deleted last, so that after an error the files can still be found by their branch.
    await store.delete((await store.list()).filter(isMeant));
    await store.forgetCommits(isSameRepo ?? ((folder) => folder === displayUrl(address.folder)));
  }

  get #folder(): string {
    return displayUrl(this.#http.folder);
  }

  /** Whether each load checks if files have changed: on the page's own server and localhost, unless the folder is at a commit. */
  get #mayChange(): boolean {
    return this.#http.commit === undefined && isOwn(this.#http.folder);
  }

  /** Pins a branch to the commit that it had when it was first loaded, or the folder to its own commit. */
  #pin(): Promise<void> {
    this.#pinned ??= this.#readCommit();
    return this.#pinned;
  }

  async #readCommit(): Promise<void> {
    const { atCommit, revision, folder } = this.#http.address;
    if (atCommit === undefined) return;
    const stored = this.#options.store.commit(displayUrl(folder)).catch(() => undefined);
    const commit = isCommit(revision) ? revision : await stored;
    if (commit !== undefined) this.#http.pin(commit);
  }

  async #download(file: string, record: KeptFile | undefined): Promise<ByteStream | undefined> {
    const before = this.#folder;
    const download = await this.#resume(file, record);
    if (this.#folder !== before) {
      // The commit is known now, so its cached files can be used.
      await this.#tryStoring(() => this.#options.store.setCommit(before, this.#http.commit ?? ''));
      const cached = await this.#options.store.get(this.#folder, file).catch(() => undefined);
      if (hasBytes(cached)) {
        await download?.cancel();
        return isComplete(cached) ? this.#cached(cached) : this.#download(file, cached);
      }
    }
    if (download === undefined) {
      // A damaged or partial copy is never used, and its record says that the cache lacks the file.
      if (record === undefined || record.state === 'verified')
        await this.#drop(record).then(() => this.noteAbsence(file));
      return undefined;
    }
    const { facts } = download;
    if (record?.state === 'verified' && isSame(record, facts))
      return download.cancel().then(() => this.#cached(record));
    // Without an ETag or date (`tag`), the next load couldn't check whether the file has changed, so the file isn't cached.
    if (this.#mayChange && facts.tag === undefined)
      return this.#drop(record).then(() => this.#http.verifying(file, download));
    await this.#noteFound(file);
    if (record?.state === 'verified') await this.#tryStoring(() => this.#doubtOthers());
    return this.#growing(file, record, download);
  }

  /** Marks complete copies as partial until the server confirms them: if this load ends early, another must not mix old and new files. */
  async #doubtOthers(): Promise<void> {
    for (const record of await this.records())
      if (record.state === 'verified' && !this.#answered.has(record.file))
        await this.#options.store.set({ ...record, state: 'partial' });
  }

  /**
   * Records that the folder lacks a file. At a commit, this never changes, so the record is stored at once. At another address, the record
   * is stored once a file of the model was found. If the folder's files may change, only loads without requests use the record.
   */
  async noteAbsence(file: string): Promise<void> {
    this.#absent.push({ ...this.#blank(file), state: 'absent' });
    if (this.#http.commit !== undefined || this.#isModelFound) await this.#noteFound();
  }

  async #noteFound(file?: string): Promise<void> {
    this.#isModelFound ||= file === undefined || /\.(?:safetensors|bin|gguf)$|^(?:tokenizer|vocab)\./.test(file);
    if (!this.#isModelFound) return;
    for (const record of this.#absent.splice(0)) await this.#tryStoring(() => this.#options.store.set(record));
  }

  /** Downloads a file from the end of its partial copy, or from the start if the file has changed. */
  async #resume(file: string, record: KeptFile | undefined): Promise<Download | undefined> {
    if (record === undefined || !canResume(record)) return this.#http.download(file);
    try {
      return await this.#http.download(file, record.bytes, factsOf(record));
    } catch (error) {
      if (!(error instanceof WebVeraError) || error.code !== 'integrity_mismatch') throw error;
      await this.#drop(record);
      return this.#http.download(file);
    }
  }

  /** Deletes an outdated record with its copy. Otherwise a later load that can't reach the server would use them. */
  #drop(record: KeptFile | undefined): Promise<void> {
    return this.#tryStoring(async () => record && this.#options.store.delete([record]));
  }

  #growing(file: string, record: KeptFile | undefined, download: Download): ByteStream {
    const { size, tag, sha256: told } = download.facts;
    const from = download.from;
    const begun = from > 0 && record !== undefined ? record : this.#blank(file);
    const stream = this.#stream({ ...begun, size, tag, told }, download);
    return this.#http.tracked(file, stream, download.likelySize, from > 0 ? { resumedFrom: from } : undefined);
  }

  async #cached(record: KeptFile): Promise<ByteStream> {
    await this.#noteFound(record.file);
    return this.#http.tracked(record.file, this.#stream(record, undefined), record.size, { cached: true });
  }

  #stream(record: KeptFile, download: Download | undefined): CachedStream {
    const { store, warn, signal, onDamage } = this.#options;
    const { file, told } = record;
    const isLocal = this.#options.isLocal || this.#offline !== undefined;
    return new CachedStream(new CachedCopy(store, record, warn), {
      signal,
      download,
      reopen: isLocal ? undefined : (from) => this.#http.download(file, from, factsOf(record)),
      expected: this.#http.expected(file, told),
      onDamage: onDamage && (() => onDamage(file)),
      onVerified: (bytes) => this.#http.verified(file, bytes),
    });
  }

  #blank(file: string): KeptFile {
    const { name, address, commit } = this.#http;
    return {
      state: 'partial',
      model: address.atCommit === undefined ? this.#folder : name,
      revision: commit ?? address.revision ?? '',
      folder: this.#folder,
      file,
      size: undefined,
      tag: undefined,
      told: undefined,
      sha256: undefined,
      bytes: 0,
      chunks: [],
    };
  }

  /** Runs a write to the store and ignores its errors, because the write only makes later requests unnecessary. */
  async #tryStoring(body: () => Promise<void>): Promise<void> {
    await body().catch(() => {});
  }
}
