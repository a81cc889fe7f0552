import { WebVeraError } from '../core/errors/error';
import type { Warn } from '../core/errors/warning';
import { TabLocks } from '../core/locks/tab_locks';
import { type BlobStore, isPersistent } from '../store/blob_store';
import { CheckpointStore } from '../store/checkpoint_store';
import { onFirstWrite } from '../store/on_first_write';
import { openStore } from '../store/open_store';
import { openByteFiles } from '../store/opfs_files';
import { WeightStore } from '../store/weight_store';
import { AdapterLoader } from './adapters/adapter_loader';
import { SessionAdapters } from './adapters/session_adapters';
import { SessionDevice } from './models/device';
import { LoadedModels } from './models/loaded_models';
import { ModelSources } from './models/loading/model_sources';
import { SessionCache } from './models/session_cache';
import { SessionKernels } from './models/session_kernels';
import { SessionModels } from './models/session_models';
import { SessionPlans } from './plans/session_plans';
import type { OpenOptions, Rooms, SessionCalls, SessionHost, WorkerEnd, WorkerSession } from './protocol';
import { Calls } from './rpc/calls';
import { ROOMS } from './rpc/rooms';
import { SessionTraining } from './runs/session_training';
import { SavedAdapters } from './storage/saved_adapters';
import { SessionStorage } from './storage/session_storage';
import { known } from './storage/store_failures';

/**
 * The storage of cached downloads. Undefined without a file system: in Node without a given folder, and on a page
 * without a worker.
 */
function weightStore({ weights }: SessionHost, records: BlobStore): WeightStore | undefined {
  const files = weights?.files ?? openByteFiles();
  return files && new WeightStore(weights?.records ?? records, files);
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** The parts of an open session. */
interface OpenSession {
  readonly rooms: Rooms;
  readonly sources: ModelSources;
  readonly models: LoadedModels;
  /** Frees the device and closes the store. */
  end(): Promise<void>;
}

/** One session: answers the calls of its page. A plain class, which also runs in the caller's thread. */
export class WorkerSessionImpl implements WorkerEnd, SessionCalls {
  readonly #host: SessionHost;
  readonly #calls: Calls;
  #opened: OpenSession | undefined;

  constructor(host: SessionHost) {
    this.#host = host;
    this.#calls = new Calls((event) => host.emit(event));
  }

  /** Calls the method of the room that answers this call. */
  async invoke(name: keyof WorkerSession, args: readonly unknown[]): Promise<unknown> {
    const room = this.#room(ROOMS[name]) as Readonly<Partial<Record<string, Method>>>;
    return room[name]?.apply(room, [...args]);
  }

  async open(options: OpenOptions): Promise<void> {
    const [host, calls] = [this.#host, this.#calls];
    const warn: Warn = (warning) => host.emit({ type: 'warning', ...warning });
    const blobs = openStore({
      kind: options.store,
      onFallback: (reason) =>
        warn({ code: 'storage_unavailable', message: `What is saved is kept in memory only: ${reason}` }),
    });
    const kernels = new SessionKernels(options.kernels, blobs, warn);
    const device = new SessionDevice(
      host.gpu,
      ({ message }) => host.emit({ type: 'lost', message }),
      (opened) => kernels.begin(opened),
      options.arithmetic,
    );
    const store = onFirstWrite(blobs, () => host.emit({ type: 'first_stored' }));
    const weights = options.store === 'memory' ? undefined : weightStore(host, store);
    const sources = new ModelSources(host, options, { calls, cache: weights, warn });
    const models = new LoadedModels();
    const locks = new TabLocks(globalThis.navigator?.locks, 'webvera:run:', () => known(isPersistent(store)));
    const saved = new SavedAdapters(store, warn);
    const checkpoints = { store: new CheckpointStore(store, locks), locks, warn };
    this.#opened = {
      sources,
      models,
      rooms: {
        session: this,
        rpc: calls,
        plans: new SessionPlans(calls, device, sources, options.store),
        cache: new SessionCache(calls, sources, weights),
        models: new SessionModels({ host, calls, device, kernels, sources, models }),
        adapters: new SessionAdapters(host, calls, models, new AdapterLoader(host, sources, saved, warn)),
        runs: new SessionTraining(host, calls, models, kernels, checkpoints),
        storage: new SessionStorage(store, saved, checkpoints.store, sources.limits),
      },
      async end() {
        await device.close().catch(() => {});
        await store.close().catch(() => {});
      },
    };
  }

  async close(): Promise<void> {
    this.#calls.cancelAll();
    await this.#opened?.end();
  }

  async seal(): Promise<void> {
    const { sources, models } = this.#expectOpened();
    if (models.tokenizers.entries().some(([, { hasChatTemplate }]) => hasChatTemplate)) {
      // The chat worker's script also comes over the network. Rendering an empty template loads it before the seal.
      await this.#host.renderChat?.(
        { source: '', tokens: {} },
        { messages: [], add_generation_prompt: false, turns: false },
      );
    }
    sources.seal();
    this.#host.seal?.();
  }

  #room(name: keyof Rooms): object {
    if (name === 'session') return this;
    return name === 'rpc' ? this.#calls : this.#expectOpened().rooms[name];
  }

  #expectOpened(): OpenSession {
    if (this.#opened !== undefined) return this.#opened;
    throw new WebVeraError('internal', 'The session was used before it was opened');
  }
}
