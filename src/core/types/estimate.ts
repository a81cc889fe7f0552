import type { SaveDtype } from './model';
import type { TrainingArguments } from './training';

/** The peak GPU memory of a training run, in bytes. */
export interface GpuBytes {
  /** The base model's weights in its `dtype`, and tables such as those of rotary embeddings. */
  readonly weights: number;
  /** Everything that trains, and an adapter's frozen matrices, such as its A and B. */
  readonly adapter: number;
  /** The gradients of everything that trains, and AdamW's two moments. */
  readonly optimizer: number;
  /** Transient values of a step: activations, their gradients, logits. */
  readonly activations: number;
  /**
   * Everything else: inputs, kernels' params, readback buffers, and merged copies of weights (W + ΔW), if the run computes layers with
   * them.
   */
  readonly workspace: number;
  /** The sum of the fields above. */
  readonly total: number;
  /** The size of the largest buffer that a kernel binds. Compare it with the GPU's limits. */
  readonly largest_buffer: number;
}

/** The work of one step of a run: one update, including all batches that it accumulates. */
export interface StepWork {
  /** The number of floating-point operations, if all batches have the largest size. */
  readonly flops: number;
  /**
   * The estimated time on this GPU at its current load; undefined if it wasn't measured or the run exceeds a limit of this GPU. From the
   * first step on, the run's own `seconds_left` is more precise.
   */
  readonly seconds: number | undefined;
}

/** The download, memory and work of a run. */
export interface Estimate {
  readonly download: {
    /** Bytes of the weights and tokenizer.json, if the server reports their sizes. */
    readonly total: number;
    /** The part of `total` that is already on this device: cached by an earlier load, or passed as `files`. A load downloads the rest. */
    readonly cached: number;
  };
  /** The size of adapter_model.safetensors in bytes, for each `save_dtype` of `save_pretrained`. */
  readonly file: Readonly<Record<SaveDtype, number>>;
  readonly gpu: GpuBytes;
  readonly step: StepWork;
  /**
   * 'does-not-fit': a buffer is larger than this GPU allows, or `total` is above the known memory (given by the caller, or the limit of
   * iOS). 'tight': `total` is above three quarters of the known memory or, if it is not known, above half of the device's memory, or above
   * 1 GiB if the browser doesn't report the device's memory. 'fits': otherwise.
   */
  readonly verdict: 'fits' | 'tight' | 'does-not-fit';
  /** The reasons for a verdict other than 'fits'; empty for 'fits'. */
  readonly reasons: readonly string[];
  /** Changed arguments that improve the verdict, the cheapest change first. The number of examples per update stays the same. */
  readonly suggestions: readonly Partial<TrainingArguments>[];
}

/** The memory that a run may use. It is given or guessed, because WebGPU doesn't report it. */
export interface MemoryBudget {
  readonly bytes: number;
  /**
   * 'given': by the caller. 'ios': the memory that iOS allows a page. 'device': half of the device's memory as the browser reports it,
   * because most GPUs share this memory. 'unknown': a guess.
   */
  readonly from: 'given' | 'ios' | 'device' | 'unknown';
}
