import type { SaveDtype } from './model';
import type { TrainingArguments } from './training';

/** The peak GPU memory of a training run, in bytes. */
export interface GpuBytes {
  /** The base model in its `dtype`, with tables such as those of rotary embeddings. */
  readonly weights: number;
  /** A, B and everything that trains. */
  readonly adapter: number;
  /** Gradients and AdamW's two moments of everything that trains. */
  readonly optimizer: number;
  /** Transient values of a step: activations, their gradients, logits. */
  readonly activations: number;
  /**
   * Everything else: inputs, kernels' parameters, readback buffers, and weights with the adapter's change added, if layers are computed
   * that way.
   */
  readonly workspace: number;
  /** The sum. */
  readonly total: number;
  /** The largest buffer that a kernel binds, to be compared with the GPU's limits. */
  readonly largest_buffer: number;
}

/** The work of one step of a run: one update, including all batches that it accumulates. */
export interface StepWork {
  /** Floating-point operations, with batches of the largest size. */
  readonly flops: number;
  /**
   * The estimated time on this GPU at its current load; undefined unless it was measured. From the first step on, the run's own
   * `seconds_left` is more precise.
   */
  readonly seconds: number | undefined;
}

/** The download, memory and work of a run. */
export interface Estimate {
  readonly download: {
    /** Bytes of the weights and tokenizer.json, if the server reports their sizes. */
    readonly total: number;
    /** The part of `total` that is on this device already: cached by an earlier load, or passed as `files`. A load downloads the rest. */
    readonly cached: number;
  };
  /** The size of adapter_model.safetensors by the `save_dtype` of `save_pretrained`, in bytes. */
  readonly file: Readonly<Record<SaveDtype, number>>;
  readonly gpu: GpuBytes;
  readonly step: StepWork;
  /**
   * 'does-not-fit': a buffer is larger than this GPU allows, or `total` is above the known memory. 'tight': `total` is above three quarters
   * of the known memory; or the memory is not known, and `total` is above half of the device's memory, or above 1 GiB if the browser
   * doesn't report that. 'fits': otherwise.
   */
  readonly verdict: 'fits' | 'tight' | 'does-not-fit';
  /** The reasons for a verdict other than 'fits'; empty for 'fits'. */
  readonly reasons: readonly string[];
  /** Arguments that improve the verdict, the cheapest first. The number of examples per update stays the same. */
  readonly suggestions: readonly Partial<TrainingArguments>[];
}

/** The memory that a run may use. WebGPU reports nothing about it. */
export interface MemoryBudget {
  readonly bytes: number;
  /**
   * 'given': by the caller. 'ios': the memory that iOS allows a page. 'device': half of the device's memory as the browser reports it,
   * which GPUs mostly share. 'unknown': a guess.
   */
  readonly from: 'given' | 'ios' | 'device' | 'unknown';
}
