import type { TrainingArguments } from './training';

/** Bytes that a training run takes on the GPU, at most at one time. */
export interface GpuBytes {
  /** The base model's, as `dtype` stores them, with tables such as those of rotary embeddings. */
  readonly weights: number;
  /** A, B, and all that trains. */
  readonly adapter: number;
  /** Gradients and AdamW's two moments of what trains. */
  readonly optimizer: number;
  /** What lives during a step: activations, their gradients, logits. */
  readonly activations: number;
  /** All else: inputs, parameters of kernels, buffers to read through, and weights with their changes, where layers are computed so. */
  readonly workspace: number;
  /** Of all these. */
  readonly total: number;
  /** The largest buffer among them that kernels work on: what a GPU's limits are about. */
  readonly largest_buffer: number;
}

/** The work of one step of a run: an update, over all batches that it accumulates. */
export interface StepWork {
  /** Floating-point operations, with batches as large as they may be. */
  readonly flops: number;
  /**
   * About how long it takes on this GPU, as busy as it is now; undefined unless it was measured. The run's own events tell it better
   * from the first step on: `seconds_left`.
   */
  readonly seconds: number | undefined;
}

/** The download, memory and work that a run would take. */
export interface Estimate {
  readonly download: {
    /** Weights and tokenizer.json, as far as the server tells their sizes. */
    readonly total: number;
    /** Of these, what is on this device already: kept from an earlier load, or given as `files`. A load downloads the rest. */
    readonly cached: number;
  };
  readonly gpu: GpuBytes;
  readonly step: StepWork;
  /**
   * 'does-not-fit': a buffer is larger than this GPU allows, or `total` is above the memory that is known. 'tight': `total` is above
   * three quarters of that; or nothing sure is known, and it is above half of the device's memory, or above 1 GiB where the
   * browser doesn't tell that. 'fits': nothing speaks against it.
   */
  readonly verdict: 'fits' | 'tight' | 'does-not-fit';
  /** Why it isn't 'fits'; empty where it is. */
  readonly reasons: readonly string[];
  /**
   * Arguments with which the verdict is better, those that cost least first. Each update learns from as many examples as before.
   */
  readonly suggestions: readonly Partial<TrainingArguments>[];
}

/** What is known of the memory that a run may take. WebGPU tells nothing of it. */
export interface MemoryBudget {
  readonly bytes: number;
  /**
   * 'given': by the caller. 'ios': what iOS leaves to a page. 'device': half of the memory that the browser says the device has, which
   * GPUs mostly share. 'unknown': a guess.
   */
  readonly from: 'given' | 'ios' | 'device' | 'unknown';
}
