/** The files of a build that are stored for use without a network. */
export interface ShellFiles {
  /** A string that changes whenever any file changes. */
  readonly version: string;
  /** Paths relative to the demo's folder. The empty path is the first page. */
  readonly files: readonly string[];
}

export interface ShellParts {
  /** The address of the demo's folder, with a slash at its end. */
  readonly scope: string;
  readonly caches: CacheStorage;
  readonly fetch: typeof globalThis.fetch;
}

/** Vite puts a hash of their content into the names of these files, so the content at a path never changes. */
const NAMED_BY_CONTENT = /^assets\//;

/**
 * The pages, scripts and voices (adapters that write in somebody's style) of one build, stored so that they open without a network. While
 * there is a network, pages come from the server, so that no visitor sees an old page. Models are not among the files: the library caches
 * them itself.
 */
export class Shell {
  readonly #files: ShellFiles;
  readonly #parts: ShellParts;
  readonly #paths: ReadonlySet<string>;

  constructor(files: ShellFiles, parts: ShellParts) {
    this.#files = files;
    this.#parts = parts;
    this.#paths = new Set(files.files);
  }

  /** Stores all files. If a download fails, rejects and stores none. */
  async store(): Promise<void> {
    const { caches } = this.#parts;
    const cache = await caches.open(this.#name);
    try {
      await Promise.all(this.#files.files.map(async (path) => cache.put(this.#urlOf(path), await this.#copy(path))));
    } catch (error) {
      await caches.delete(this.#name);
      throw error;
    }
  }

  /** Deletes the files of other builds. Leaves the files of other copies of the demo on the same server. */
  async deleteOthers(): Promise<void> {
    const { caches } = this.#parts;
    const others = (await caches.keys()).filter((name) => name.startsWith(this.#prefix) && name !== this.#name);
    await Promise.all(others.map((name) => caches.delete(name)));
  }

  /** Returns the response to a page's request; undefined if the browser should handle the request itself. */
  answer(request: Request): Promise<Response> | undefined {
    const path = this.#pathOf(request);
    if (path === undefined) return undefined;
    return NAMED_BY_CONTENT.test(path) ? this.#fromStore(path, request) : this.#fromServer(path, request);
  }

  get #prefix(): string {
    return `webvera demo ${this.#parts.scope} `;
  }

  get #name(): string {
    return this.#prefix + this.#files.version;
  }

  #urlOf(path: string): string {
    return this.#parts.scope + path;
  }

  #pathOf({ method, url }: Request): string | undefined {
    const { scope } = this.#parts;
    const address = url.replace(/[?#].*$/, '');
    if (method !== 'GET' || !address.startsWith(scope)) return undefined;
    const path = address.slice(scope.length);
    const asked = path === 'index.html' ? '' : path;
    return this.#paths.has(asked) ? asked : undefined;
  }

  async #copy(path: string): Promise<Response> {
    const { caches, fetch } = this.#parts;
    const url = this.#urlOf(path);
    const isNamed = NAMED_BY_CONTENT.test(path);
    const stored = isNamed ? await caches.match(url, { ignoreVary: true }) : undefined;
    if (stored !== undefined) return stored;
    const response = await fetch(url, { cache: isNamed ? 'default' : 'no-cache' });
    if (!response.ok) throw new Error(`${url}: expected the file, got HTTP status ${response.status}`);
    // Browsers reject a redirected response when they open a page.
    return response.redirected ? new Response(response.body, { headers: response.headers }) : response;
  }

  async #stored(path: string): Promise<Response | undefined> {
    const cache = await this.#parts.caches.open(this.#name);
    return cache.match(this.#urlOf(path), { ignoreVary: true });
  }

  async #fromStore(path: string, request: Request): Promise<Response> {
    return (await this.#stored(path)) ?? this.#parts.fetch(request);
  }

  async #fromServer(path: string, request: Request): Promise<Response> {
    const asked = this.#parts.fetch(request);
    const response = await asked.catch(() => undefined);
    if (response !== undefined && response.status < 500) return response;
    return (await this.#stored(path)) ?? asked;
  }
}
