import type { Step } from './graph';
import type { Value } from './value';

/** A complete list of dispatches. `outputs` are the transient values that the host reads after a run. */
export interface Program {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly outputs: readonly Value[];
}

/** A program that can be run: its pipelines are created, its memory is placed, its bind groups are made. */
export interface LoadedProgram {
  readonly program: Program;
  /** Floating-point operations of one whole run. */
  readonly flops: number;
  /**
   * Resolves once its kernels are compiled; rejects with `internal` if one doesn't compile. Without `early` it has resolved
   * already. A run that was queued earlier stops at a kernel that failed, so don't use its results before this resolves.
   */
  readonly ready: Promise<void>;
  /** Frees its memory. */
  release(): void;
}

export interface LoadOptions {
  /**
   * Whether `load` resolves before the kernels are compiled. Runs then begin with the kernels that are there, and what is
   * queued later waits behind them. Default false.
   */
  readonly early?: boolean;
}

export interface RunOptions {
  /** How many of the chunks that `Graph.inChunk` marked are run: all by default. */
  readonly chunks?: number;
}

/** What a runner has done so far, and what it holds. */
export interface RunnerUsage {
  readonly dispatches: number;
  readonly submits: number;
  /** Floating-point operations queued; those of skipped chunks don't count. */
  readonly flops: number;
  readonly buffers: number;
  readonly bytes: number;
  readonly peakBytes: number;
}

/** Runs programs: the GPU's executor, or the float64 reference in tests. It knows no op and no model. */
export interface Runner {
  /** The largest binding in bytes. Weights that are larger are split into shards; no other value may be larger. */
  readonly maxBindingBytes: number;
  /** Aborts with what makes the device unusable. */
  readonly failure: AbortSignal;
  usage(): RunnerUsage;
  /** Writes bytes into a pinned value, in order with the runs. One that is split is written shard by shard. */
  write(value: Value, data: ArrayBufferView<ArrayBuffer>, byteOffset?: number): void;
  /** Allocates pinned values; throws `out_of_memory`. `write` and `load` allocate those that aren't there yet. */
  allocate(values: Iterable<Value>): Promise<void>;
  load(program: Program, options?: LoadOptions): Promise<LoadedProgram>;
  /**
   * Starts compiling the kernels of such steps, whatever their sizes. Nothing waits for it; `onCompiled` is told which part of them
   * is there, as a part of 1.
   */
  prepare(steps: readonly Step[], onCompiled?: (share: number) => void): void;
  /** Queues one run. Never waits. */
  run(loaded: LoadedProgram, options?: RunOptions): void;
  /**
   * The value's bytes after the runs queued so far. The copy is queued at once, so later runs don't affect it. A transient
   * value must be one of its program's outputs, and be read before the next run.
   */
  read(value: Value): Promise<ArrayBuffer>;
  /** As `read`, for many small values without shards: their bytes, concatenated. */
  readAll(values: readonly Value[]): Promise<ArrayBuffer>;
  /** Frees the memory of pinned values. */
  free(values: Iterable<Value>): void;
}
