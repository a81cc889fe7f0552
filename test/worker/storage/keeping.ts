import { expect } from 'vitest';
import type { Warning } from '../../../src/core/errors/warning';
import { readFile } from '../../../src/core/input/file_source';
import type { ProgressInfo } from '../../../src/core/types/source';
import { type OpenSourceOptions, openSource } from '../../../src/hub/open_source';
import { WeightStore } from '../../../src/store/weight_store';
import { CachedFolder } from '../../../src/worker/storage/cached_folder';
import type { FaultyServer } from '../../hub/faulty_server';
import { errorOf } from '../../hub/source_bytes';
import { TestClock } from '../../hub/test_clock';
import { FaultStore } from '../../store/fault_store';
import { MemoryFiles } from '../../store/memory_files';

export const MODEL = 'model.safetensors';
export const COMMIT = 'c0ffee'.padEnd(40, '0');
/** The size of chunks: smaller than a user's, because tests download many. */
export const CHUNK_BYTES = 2 ** 20;
/** The content of a file that is two and a half chunks long. */
export const content = Uint8Array.from({ length: 2.5 * CHUNK_BYTES }, (_, index) => (index * 7 + (index >> 8)) & 255);

/** The number of bytes after which the connection breaks: one chunk and a part of the next. */
export const HALF = CHUNK_BYTES + 200_000;

export const isContent = (bytes: Uint8Array): boolean => Buffer.compare(bytes, content) === 0;

export interface VisitOptions extends OpenSourceOptions {
  readonly isLocal?: boolean;
  /** A store that replaces the device's store. */
  readonly store?: WeightStore;
}

/** A user's device with cached downloads. Each call of `open` is a visit. */
export class Device {
  readonly files = new MemoryFiles();
  readonly clock = new TestClock();
  readonly warnings: Warning[] = [];
  records = new FaultStore(Number.POSITIVE_INFINITY);
  /** The progress events of the last visit. */
  events: ProgressInfo[] = [];

  get store(): WeightStore {
    return new WeightStore(this.records, this.files, CHUNK_BYTES);
  }

  open(source: URL | string, options: VisitOptions = {}): CachedFolder {
    const { isLocal = false, store = this.store, ...others } = options;
    this.events = [];
    return openSource(source, {
      clock: this.clock,
      random: () => 0.5,
      progress_callback: (info) => this.events.push(info),
      cache: (folder) =>
        new CachedFolder(folder, {
          store,
          warn: (warning) => this.warnings.push(warning),
          isLocal,
          ...(others.signal && { signal: others.signal }),
        }),
      ...others,
    }) as CachedFolder;
  }

  openHub(server: FaultyServer, options: VisitOptions = {}): CachedFolder {
    return this.open('a/b', { remoteHost: server.url, ...options });
  }

  /** Downloads from the hub until every retry has failed. */
  async breakOff(server: FaultyServer): Promise<void> {
    server.fail({ ...server.always, cutAfter: HALF }, ...Array(3).fill({ cutAfter: 0 }));
    expect((await errorOf(this.read(this.openHub(server)))).code).toBe('offline');
  }

  read(folder: CachedFolder, file = MODEL): Promise<Uint8Array> {
    return readFile(folder, file, 2 * content.length);
  }

  async states(): Promise<Record<string, string>> {
    return Object.fromEntries((await this.store.list()).map(({ file, state, bytes }) => [file, `${state} ${bytes}`]));
  }
}
