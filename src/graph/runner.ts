import type { Step } from './step';
import type { Value } from './value';

/** A complete list of dispatches. `outputs` are the transient values (in shared buffers) that the host reads after a run. */
export interface Program {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly outputs: readonly Value[];
}

/** A program that is ready to run: its pipelines, memory and bind groups exist. */
export interface LoadedProgram {
  readonly program: Program;
  /** The number of floating-point operations in one complete run. */
  readonly flops: number;
  /**
   * Resolves once the kernels are compiled; rejects with `internal` if one doesn't compile. Without the option `early`, it is already
   * resolved. A run that is queued earlier stops at a kernel that doesn't compile, so don't use its results before `ready` resolves.
   */
  readonly ready: Promise<void>;
  /** Frees the program's memory. */
  release(): void;
}

export interface LoadProgramOptions {
  /**
   * Whether `load` resolves before the kernels are compiled. A run then starts with the kernels that are already compiled, and later
   * commands wait for the other kernels. Default: false.
   */
  readonly early?: boolean;
}

export interface RunOptions {
  /** How many of the chunks marked by `Graph.inChunk` to run. Default: all. */
  readonly chunks?: number;
}

/** Counters of a runner's work and memory. */
export interface RunnerUsage {
  readonly dispatches: number;
  readonly submits: number;
  /** The number of floating-point operations queued, without those of skipped chunks. */
  readonly flops: number;
  readonly buffers: number;
  readonly bytes: number;
  readonly peakBytes: number;
}

/** Runs programs: the GPU's executor, or the float64 reference in tests. It is independent of ops and models. */
export interface Runner {
  /** The largest binding in bytes. Weights that are larger are split into shards; no other value may be larger. */
  readonly maxBindingBytes: number;
  /** Whether the device computes on the CPU's cores, where it also compiles. */
  readonly isSoftware: boolean;
  /** Aborts with the error that makes the device unusable. */
  readonly failure: AbortSignal;
  usage(): RunnerUsage;
  /**
   * Writes bytes into a pinned value (one with memory of its own), after the runs queued so far and before later ones. A value that is
   * split into shards must be written shard by shard.
   */
  write(value: Value, data: ArrayBufferView<ArrayBuffer>, byteOffset?: number): void;
  /** Allocates the memory of pinned values. Rejects with `out_of_memory`. `write` and `load` allocate missing values too. */
  allocate(values: Iterable<Value>): Promise<void>;
  load(program: Program, options?: LoadProgramOptions): Promise<LoadedProgram>;
  /**
   * Starts compiling the kernels of these steps, and returns immediately. Programs of other sizes can use the same kernels later.
   * `onCompiled` receives the compiled share, from 0 to 1.
   */
  prepare(steps: readonly Step[], onCompiled?: (share: number) => void): void;
  /** Queues one run and returns immediately. */
  run(loaded: LoadedProgram, options?: RunOptions): void;
  /**
   * Returns the value's bytes after the runs queued so far. The copy is queued immediately, so later runs don't affect it. A transient
   * value must be one of its program's outputs, and must be read before the next run.
   */
  read(value: Value): Promise<ArrayBuffer>;
  /** Like `read`, for many small values without shards: returns their bytes, concatenated. */
  readAll(values: readonly Value[]): Promise<ArrayBuffer>;
  /** Frees the memory of pinned values. */
  free(values: Iterable<Value>): void;
}
