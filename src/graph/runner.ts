import type { Step } from './graph';
import type { Value } from './value';

/** A finished list of dispatches. `outputs` are the transient values that the host wants to read after a run. */
export interface Program {
  readonly name: string;
  readonly steps: readonly Step[];
  readonly outputs: readonly Value[];
}

/** A program that is ready to run: pipelines made, memory placed, bindings fixed. */
export interface LoadedProgram {
  readonly program: Program;
  /** Floating-point operations of one whole run. */
  readonly flops: number;
  /**
   * Resolves once its kernels are compiled; rejects with `internal` where one doesn't. Without `early` it already has. A
   * run that was queued before ends where it lacks a kernel, so its results count only once this has resolved.
   */
  readonly ready: Promise<void>;
  /** Gives its memory back. */
  release(): void;
}

export interface LoadOptions {
  /** Not to wait until kernels are compiled: false. Runs begin with what there is, and what is queued later waits for them. */
  readonly early?: boolean;
}

export interface RunOptions {
  /** How many chunks to run of the steps that `Graph.inChunk` marked; all by default. */
  readonly chunks?: number;
}

/** What a runner has done and holds so far. */
export interface RunnerUsage {
  readonly dispatches: number;
  readonly submits: number;
  /** Floating-point operations queued, without those of chunks left out. */
  readonly flops: number;
  readonly buffers: number;
  readonly bytes: number;
  readonly peakBytes: number;
}

/** What runs programs: the GPU's executor, or the float64 reference in the tests. It knows no op and no model. */
export interface Runner {
  /** The largest binding in bytes. Weights that are larger are split into shards; other values must not be. */
  readonly maxBindingBytes: number;
  /** Aborts with what makes the device unusable. */
  readonly failure: AbortSignal;
  usage(): RunnerUsage;
  /** Writes bytes into a pinned value, in order with the runs. One that is split is written shard by shard. */
  write(value: Value, data: ArrayBufferView<ArrayBuffer>, byteOffset?: number): void;
  /** Makes room for pinned values; throws `out_of_memory`. `write` and `load` make what is still missing. */
  allocate(values: Iterable<Value>): Promise<void>;
  load(program: Program, options?: LoadOptions): Promise<LoadedProgram>;
  /** Begins with what takes long of loading a program of such steps, whatever their sizes. Nothing waits for it. */
  prepare(steps: readonly Step[]): void;
  /** Queues one run. Never waits. */
  run(loaded: LoadedProgram, options?: RunOptions): void;
  /**
   * The value's bytes as the runs queued so far leave them. The copy is queued at once, so later runs don't disturb
   * it; a transient value must be among its program's outputs and be read before the next run.
   */
  read(value: Value): Promise<ArrayBuffer>;
  /** The same of many small values that aren't split, one behind the other. */
  readAll(values: readonly Value[]): Promise<ArrayBuffer>;
  /** Frees the memory of pinned values. */
  free(values: Iterable<Value>): void;
}
