import type { Arithmetic } from '../core/kernels/kernel';
import type { KernelChoice } from '../core/kernels/kernel_choice';
import type { RenderChat } from '../core/types/chat';
import type { BatchToken } from '../core/types/generation';
import type { DecodeImage } from '../core/types/image';
import type { RunEvent, RunProgress } from '../core/types/run';
import type { ParserLimits, ProgressInfo } from '../core/types/source';
import type { Records } from '../store/blob_store';
import type { ByteFiles } from '../store/byte_files';
import type { AdapterCalls } from './adapters/adapter_protocol';
import type { CacheCalls, ModelCalls } from './models/model_protocol';
import type { PlanCalls } from './plans/plan_protocol';
import type { CallControl, CallId } from './rpc/call_protocol';
import type { DatasetName, RunCalls } from './runs/run_protocol';
import type { StorageCalls } from './storage/storage_protocol';

export type * from './adapters/adapter_protocol';
export type * from './models/model_protocol';
export type * from './plans/plan_protocol';
export type * from './rpc/call_protocol';
export type * from './runs/run_protocol';
export type * from './storage/storage_protocol';

/**
 * The messages between the page and the worker: types only; every field survives structured clone. Each folder of the
 * worker defines its own calls.
 *
 * A call that carries its id can be cancelled, and may emit events under that id. Results and events stay in order: an event
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

/** The calls about the session itself. */
export interface SessionCalls {
  /** The first call. Must not need a GPU: the device is opened by the first call that computes. */
  open(options: OpenOptions): Promise<void>;
  /** Ends all calls, frees the device and closes the store. Later calls reject. `close` itself never rejects. */
  close(): Promise<void>;
  /** Ends all network access. It can't be undone. */
  seal(): Promise<void>;
}

/** The worker's side of a session: answers the calls of `WorkerSession` by their names. */
export interface WorkerEnd {
  invoke(name: keyof WorkerSession, args: readonly unknown[]): Promise<unknown>;
}

/** Functions and settings from a session's creator. Only a session in the caller's thread receives `gpu` and `fetch`. */
export interface SessionHost {
  /** Receives all events. Never throws. */
  emit(event: WorkerEvent): void;
  /** The entry point of WebGPU. Default: `navigator.gpu`. */
  readonly gpu?: GPU;
  /** The storage of cached downloads, in place of the browser's file system. */
  readonly weights?: { readonly records: Records; readonly files: ByteFiles } | undefined;
  /** The function that sends network requests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** Renders chat templates. They are untrusted programs, so they run in another thread if there is one. */
  readonly renderChat?: RenderChat;
  /** Decodes image files. Without it, image files are refused. */
  readonly decodeImage?: DecodeImage | undefined;
  /** Announces that the session won't answer for up to `seconds`, because its next work can't be interrupted. */
  readonly quiet?: (seconds: number) => void;
  /** Ends the network access of the whole thread, if the session owns it. */
  readonly seal?: () => void;
}

/** The options of the `open` call. The page's `SessionOptions` describe each field. */
export interface OpenOptions {
  readonly store: 'auto' | 'memory';
  readonly remoteHost?: string;
  readonly remotePathTemplate?: string;
  readonly limits?: Partial<ParserLimits>;
  readonly kernels?: 'default' | 'tuned' | KernelChoice;
  readonly arithmetic?: Arithmetic;
}

/** The states that a worker reports. The page adds states for a worker that was lost. */
type WorkerState = 'ready' | 'busy';

export type WorkerEvent =
  | { readonly type: 'state'; readonly state: WorkerState }
  /** The device was lost, with everything loaded on it. */
  | { readonly type: 'lost'; readonly message: string }
  | { readonly type: 'warning'; readonly code: string; readonly message: string }
  /**
   * Emitted once, when an adapter, a profile, a checkpoint or a model's file is first stored on disk. Only the page can
   * ask the browser not to evict it.
   */
  | { readonly type: 'first_stored' }
  | { readonly type: 'progress'; readonly call: CallId; readonly info: ProgressInfo }
  /** The hub asks for a token. Answered by `giveToken`. */
  | { readonly type: 'need_token'; readonly call: CallId }
  | ({ readonly type: 'token'; readonly call: CallId } & BatchToken)
  | { readonly type: 'embed'; readonly call: CallId; readonly done: number; readonly total: number }
  | { readonly type: 'merge'; readonly call: CallId; readonly done: number; readonly total: number }
  /** Emitted once by a call that makes a change. The change is made when the page answers with `commit`. */
  | { readonly type: 'prepared'; readonly call: CallId }
  /** `adapters`: the adapters that a run uses, even if others become active later. The page answers by `startTraining`. */
  | { readonly type: 'chosen'; readonly call: CallId; readonly adapters: readonly string[] }
  /** Emitted by a run with callbacks after its last step. After the callbacks, the page calls `controlTraining` with `heard`. */
  | { readonly type: 'reported'; readonly call: CallId }
  | { readonly type: 'need_data'; readonly call: CallId; readonly dataset: DatasetName; readonly count: number }
  /** `adapter`: the name of the adapter that the event is about. Set only in a run that trains several adapters at once. */
  | {
      readonly type: 'train';
      readonly call: CallId;
      readonly progress: RunProgress;
      readonly event: RunEvent;
      readonly adapter?: string;
    };
