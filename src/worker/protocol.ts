import type { Arithmetic } from '../core/kernels/kernel';
import type { KernelChoice } from '../core/kernels/kernel_choice';
import type { RenderChat } from '../core/types/chat';
import type { BatchToken } from '../core/types/generation';
import type { DecodeImage } from '../core/types/image';
import type { RunEvent } from '../core/types/run';
import type { ParserLimits, ProgressInfo } from '../core/types/source';
import type { TrainProgress } from '../core/types/training';
import type { BlobStore } from '../store/blob_store';
import type { ByteFiles } from '../store/byte_files';
import type { AdapterCalls } from './adapters/protocol';
import type { CacheCalls, ModelCalls } from './models/protocol';
import type { PlanCalls } from './plans/protocol';
import type { CallControl, CallId } from './rpc/protocol';
import type { DatasetName, RunCalls } from './runs/protocol';
import type { StorageCalls } from './storage/protocol';

export type * from './adapters/protocol';
export type * from './models/protocol';
export type * from './plans/protocol';
export type * from './rpc/protocol';
export type * from './runs/protocol';
export type * from './storage/protocol';

/**
 * What crosses between the page and the worker: types only, every field survives structured clone. Each room of the worker
 * has its part of it.
 *
 * A call that carries its id can be cancelled and may stream events under it. Results and events keep their order: an event
 * emitted before a call resolves arrives before its result.
 */
export interface WorkerSession
  extends SessionCalls,
    CallControl,
    PlanCalls,
    ModelCalls,
    CacheCalls,
    AdapterCalls,
    RunCalls,
    StorageCalls {}

/** The parts of a session, by the room that answers their calls. */
export interface Rooms {
  readonly session: SessionCalls;
  readonly rpc: CallControl;
  readonly plans: PlanCalls;
  readonly models: ModelCalls;
  readonly cache: CacheCalls;
  readonly adapters: AdapterCalls;
  readonly runs: RunCalls;
  readonly storage: StorageCalls;
}

/** The calls about the session itself. */
export interface SessionCalls {
  /** The first call. Must not need a GPU: the device is opened by the first call that computes. */
  open(options: OpenOptions): Promise<void>;
  /** Stops what runs, frees the device and closes the store. Later calls reject. Never rejects itself. */
  close(): Promise<void>;
  /** From now on nothing here makes a request. It can't be undone. */
  seal(): Promise<void>;
}

/** The end of a session that answers the calls of a `WorkerSession`, by their names. */
export interface WorkerEnd {
  invoke(name: keyof WorkerSession, args: readonly unknown[]): Promise<unknown>;
}

/** What a session gets from whoever makes it. `gpu` and `fetch` only where the session runs in the caller's thread. */
export interface SessionHost {
  /** The one sink for all that streams. Never throws. */
  emit(event: WorkerEvent): void;
  /** Default: `navigator.gpu`. */
  readonly gpu?: GPU;
  /** Where downloads are kept, in place of the browser's own file system. */
  readonly weights?: { readonly records: BlobStore; readonly files: ByteFiles } | undefined;
  /** Default: the global one. */
  readonly fetch?: typeof globalThis.fetch;
  /** Writes conversations out by templates, which are strangers' programs: elsewhere, where there are other threads. */
  readonly renderChat?: RenderChat;
  /** Decodes image files. Without it they are refused. */
  readonly decodeImage?: DecodeImage | undefined;
  /** It won't answer for up to so many seconds: what comes next is done in one go. */
  readonly quiet?: (seconds: number) => void;
  /** Takes the network from the whole thread, where it is the session's own. */
  readonly seal?: () => void;
}

export interface OpenOptions {
  readonly store: 'auto' | 'memory';
  /** 'https://huggingface.co/' by default. */
  readonly remoteHost?: string;
  /** '{model}/resolve/{revision}/' by default. */
  readonly remotePathTemplate?: string;
  readonly limits?: Partial<ParserLimits>;
  /** 'default' by default. */
  readonly kernels?: 'default' | 'tuned' | KernelChoice;
  /** 'f32' by default. */
  readonly arithmetic?: Arithmetic;
}

/** The page adds what becomes of the worker itself. */
type WorkerState = 'ready' | 'busy';

export type WorkerEvent =
  | { readonly type: 'state'; readonly state: WorkerState }
  /** The device: what was loaded on it is no more. */
  | { readonly type: 'lost'; readonly message: string }
  | { readonly type: 'warning'; readonly code: string; readonly message: string }
  /** Once: an adapter, a profile, a checkpoint or a model's file is on disk. Only the page can ask the browser to leave it there. */
  | { readonly type: 'kept' }
  | { readonly type: 'progress'; readonly call: CallId; readonly info: ProgressInfo }
  /** The hub wants to know who asks: answered by `giveToken`. */
  | { readonly type: 'need_token'; readonly call: CallId }
  | ({ readonly type: 'token'; readonly call: CallId } & BatchToken)
  | { readonly type: 'merge'; readonly call: CallId; readonly done: number; readonly total: number }
  /** Once for a call that changes what is there: until it is answered by `commit`, nothing has changed. */
  | { readonly type: 'prepared'; readonly call: CallId }
  /** Of a run: the adapters that it trains, whatever is made active from now on. It begins once the page calls `startTraining`. */
  | { readonly type: 'chosen'; readonly call: CallId; readonly adapters: readonly string[] }
  | { readonly type: 'need_data'; readonly call: CallId; readonly dataset: DatasetName; readonly count: number }
  | { readonly type: 'train'; readonly call: CallId; readonly progress: TrainProgress; readonly event: RunEvent };
