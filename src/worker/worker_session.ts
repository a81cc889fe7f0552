import { WebVeraError } from '../core/errors/error';
import type { Warn } from '../core/errors/warning';
import { TabLocks } from '../core/locks/tab_locks';
import { type BlobStore, isPersistent, type Records } from '../store/blob_store';
import { CheckpointStore } from '../store/checkpoint_store';
import { onFirstWrite } from '../store/on_first_write';
import { openStore } from '../store/open_store';
import { openByteFiles } from '../store/opfs_files';
import { ProfileStore } from '../store/profile_store';
import { WeightStore } from '../store/weight_store';
import { AdapterLoader } from './adapters/adapter_loader';
import { type AdapterRoom, adapterCalls } from './adapters/session_adapters';
import { loadLateCode } from './late_code';
import { SessionDevice } from './models/device';
import { LoadedModels } from './models/loaded_models';
import { BaseModelLoader } from './models/loading/base_model_loader';
import { ModelSources } from './models/loading/model_sources';
import { type CacheRoom, cacheCalls } from './models/session_cache';
import { SessionKernels } from './models/session_kernels';
import { type ModelRoom, modelCalls } from './models/session_models';
import { type PlanRoom, planCalls } from './plans/session_plans';
import type { OpenOptions, SessionCalls, SessionHost, WorkerEnd, WorkerSession } from './protocol';
import { announcer } from './rpc/announce';
import type { Answers, CallControl } from './rpc/call_protocol';
import { Calls } from './rpc/calls';
import { type RunRoom, RunsInProgress, runCalls } from './runs/session_training';
import { SavedAdapters } from './storage/saved_adapters';
import { type StorageRoom, storageCalls } from './storage/session_storage';
import { known } from './storage/store_failures';

/** The fields of an open session. */
interface OpenSession extends PlanRoom, ModelRoom, CacheRoom, AdapterRoom, RunRoom, StorageRoom {
  readonly store: BlobStore;
}

/** The calls that an open session answers. */
type RoomCalls = Omit<WorkerSession, keyof SessionCalls | keyof CallControl>;

const ROOMS: Answers<RoomCalls, OpenSession> = {
  ...planCalls,
  ...modelCalls,
  ...cacheCalls,
  ...adapterCalls,
  ...runCalls,
  ...storageCalls,
};

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** A session, which answers the calls of its page. It needs no worker: it also runs in the caller's thread. */
export class WorkerSessionImpl implements WorkerEnd, SessionCalls {
  readonly #host: SessionHost;
  readonly #calls: Calls;
  #opened: OpenSession | undefined;

  constructor(host: SessionHost) {
    this.#host = host;
    this.#calls = new Calls((event) => host.emit(event));
  }

  /** Calls the function `name` with `args`, and returns its result. */
  async invoke(name: keyof WorkerSession, args: readonly unknown[]): Promise<unknown> {
    if (name === 'open' || name === 'close' || name === 'seal') return (this[name] as Method).apply(this, [...args]);
    if (name === 'cancel' || name === 'commit' || name === 'giveToken')
      return (this.#calls[name] as Method).apply(this.#calls, [...args]);
    if (!Object.hasOwn(ROOMS, name)) throw new WebVeraError('internal', `No such call: ${name}`);
    return (ROOMS[name] as Method).apply(this.#expectOpened(), [...args]);
  }

  async open(options: OpenOptions): Promise<void> {
    const [host, calls] = [this.#host, this.#calls];
    const warn: Warn = (warning) => host.emit({ type: 'warning', ...warning });
    const onFallback = (reason: string): void =>
      warn({ code: 'storage_unavailable', message: `What is saved is kept in memory only: ${reason}` });
    const blobs = openStore({ kind: options.store, onFallback });
    const kernels = new SessionKernels(options.kernels, blobs, warn);
    const device = new SessionDevice(
      host.gpu,
      ({ message }) => host.emit({ type: 'lost', message }),
      (opened) => kernels.begin(opened),
      options.arithmetic,
    );
    const store = onFirstWrite(blobs, () => host.emit({ type: 'first_stored' }));
    const cache = options.store === 'memory' ? undefined : weightStore(host, store);
    const sources = new ModelSources(host, options, { calls, cache, warn });
    const locks = new TabLocks(globalThis.navigator?.locks, 'webvera:run:', () => known(isPersistent(store)));
    const saved = new SavedAdapters(store, warn);
    const checkpointStore = new CheckpointStore(store, locks);
    const { limits } = sources;
    this.#opened = {
      ...{ host, warn, options, calls, store, device, kernels, cache, sources, limits, saved, checkpointStore },
      models: new LoadedModels(),
      loader: new BaseModelLoader(host, limits),
      adapters: new AdapterLoader(host, sources, saved, warn),
      inProgress: new RunsInProgress(),
      checkpoints: { store: checkpointStore, locks, warn, announce: announcer(host) },
      profiles: new ProfileStore(store),
    };
  }

  async close(): Promise<void> {
    this.#calls.cancelAll();
    await this.#opened?.device.close().catch(() => {});
    await this.#opened?.store.close().catch(() => {});
  }

  async seal(): Promise<void> {
    const { sources, models } = this.#expectOpened();
    // Some files are usually downloaded at their first use, so they are read before the seal. An error here is ignored: the call that first
    // uses the file rejects later.
    const later = models.entries().map(async ([, { base }]) => {
      await (await base.sentences())?.tensors?.();
      return false;
    });
    const templates = models.tokenizers.entries().map(([, tokenizer]) => tokenizer.hasChatTemplate());
    const read = await Promise.allSettled([...templates, ...later]);
    if (read.some((one) => one.status === 'fulfilled' && one.value)) {
      // The chat worker's script also comes over the network. Rendering an empty template loads it before the seal.
      await this.#host.renderChat?.(
        { source: '', tokens: {} },
        { messages: [], add_generation_prompt: false, turns: false },
      );
    }
    await loadLateCode();
    sources.seal();
    this.#host.seal?.();
  }

  #expectOpened(): OpenSession {
    if (this.#opened !== undefined) return this.#opened;
    throw new WebVeraError('internal', 'The session was used before it was opened');
  }
}

/** Returns the store of cached downloads; undefined if there is no file system: in Node without a folder, or in a page without a worker. */
function weightStore({ weights }: SessionHost, records: Records): WeightStore | undefined {
  const files = weights?.files ?? openByteFiles();
  return files && new WeightStore(weights?.records ?? records, files);
}
