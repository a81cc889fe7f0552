import type { Step } from './step';
import type { Value } from './value';

/** A complete list of dispatches. `outputs` are the transient values that the host reads after a run. */
export interface Program {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly outputs: readonly Value[];
}

/** A program that is ready to run: its pipelines, memory and bind groups exist. */
export interface LoadedProgram {
  readonly program: Program;
  /** Floating-point operations of one complete run. */
  readonly flops: number;
  /**
   * Resolves once the kernels are compiled; rejects with `internal` if one doesn't compile. Without `early` it has resolved already. A run
   * that was queued earlier stops at a kernel that failed, so don't use its results before this resolves.
   */
  readonly ready: Promise<void>;
  /** Frees the program's memory. */
  release(): void;
}

export interface LoadProgramOptions {
  /**
   * Whether `load` resolves before the kernels are compiled. Runs then start with the kernels that are compiled, and later commands wait
   * for them. Default: false.
   */
  readonly early?: boolean;
}

export interface RunOptions {
  /** The number of chunks marked by `Graph.inChunk` to run. Default: all. */
  readonly chunks?: number;
}

/** Counters of a runner's work and memory. */
export interface RunnerUsage {
  readonly dispatches: number;
  readonly submits: number;
  /** Floating-point operations queued; those of skipped chunks don't count. */
  readonly flops: number;
  readonly buffers: number;
  readonly bytes: number;
  readonly peakBytes: number;
}

/** Runs programs: the GPU's executor, or the float64 reference in tests. It is independent of ops and models. */
export interface Runner {
  /** The largest binding in bytes. Larger weights are split into shards; no other value may be larger. */
  readonly maxBindingBytes: number;
  /** Aborts with the error that makes the device unusable. */
  readonly failure: AbortSignal;
  usage(): RunnerUsage;
  /** Writes bytes into a pinned value, in order with the runs. A value that is split must be written shard by shard. */
  write(value: Value, data: ArrayBufferView<ArrayBuffer>, byteOffset?: number): void;
  /** Allocates pinned values; throws `out_of_memory`. `write` and `load` allocate missing values too. */
  allocate(values: Iterable<Value>): Promise<void>;
  load(program: Program, options?: LoadProgramOptions): Promise<LoadedProgram>;
  /**
   * Starts compiling the kernels of these steps, which later programs of other sizes can use too. No call waits for the kernels.
   * `onCompiled` receives the compiled share, from 0 to 1.
   */
  prepare(steps: readonly Step[], onCompiled?: (share: number) => void): void;
  /** Queues one run and returns immediately. */
  run(loaded: LoadedProgram, options?: RunOptions): void;
  /**
   * The value's bytes after the runs queued so far. The copy is queued immediately, so later runs don't affect it. A transient value must
   * be one of its program's outputs, and must be read before the next run.
   */
  read(value: Value): Promise<ArrayBuffer>;
  /** Like `read`, for many small values without shards: their bytes, concatenated. */
  readAll(values: readonly Value[]): Promise<ArrayBuffer>;
  /** Frees the memory of pinned values. */
  free(values: Iterable<Value>): void;
}
