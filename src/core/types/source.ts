import type { Files } from '../input/named_files';

/** The location of a model's files. */
export type ModelSource =
  /**
   * 'org/name' on the hub; or the URL of a folder if it begins with '/', './', '../' or 'https:'. Relative URLs are resolved against
   * the document's URL.
   */
  | string
  /** The URL of a folder with config.json, model.safetensors or pytorch_model.bin (or their shards) and tokenizer.json. */
  | URL
  | { readonly repo: string; readonly revision?: string; readonly subfolder?: string }
  /** Files by name, from a file input, drag and drop, or `save_pretrained`. The config and the weights are enough. */
  | { readonly files: Files }
  | Files;

/** A `ModelSource` as a session uses it: files are in a Map by name. */
export type FolderSource =
  | Exclude<ModelSource, Files | { readonly files: Files }>
  | { readonly files: ReadonlyMap<string, Blob> };

/**
 * Progress events while a model is loaded: those of transformers.js, and further ones. `progress` is a percentage; `loaded` and `total` are
 * bytes. For each file: 'initiate' and 'download' (also if the file is read from this device), 'progress', 'done'. For the model:
 * 'progress_total', once the sizes of all files are known; 'verify' while bytes are compared with their hashes; 'upload' while weights are
 * written to the GPU; 'compile' while kernels are compiled, at the same time, except on a software GPU; finally 'ready', which
 * doesn't wait for kernels.
 */
export type ProgressInfo =
  | {
      /** `cached` is true if the whole file is on this device. `resumedFrom` is the byte from which a download resumes. */
      readonly status: 'initiate' | 'download' | 'done';
      readonly name: string;
      readonly file: string;
      readonly cached?: boolean;
      readonly resumedFrom?: number;
    }
  | {
      readonly status: 'progress';
      readonly name: string;
      readonly file: string;
      readonly progress: number;
      readonly loaded: number;
      readonly total: number;
    }
  | {
      readonly status: 'progress_total';
      readonly name: string;
      readonly progress: number;
      readonly loaded: number;
      readonly total: number;
      readonly bytesPerSecond?: number;
      readonly secondsLeft?: number;
    }
  | { readonly status: 'verify' | 'upload' | 'compile'; readonly name: string; readonly progress: number }
  | { readonly status: 'ready'; readonly model: string };

/** Limits on untrusted files. Larger files are rejected with `limit_exceeded` before memory is allocated for them. */
export interface ParserLimits {
  /** Bytes of a safetensors header, or of the pickle in a pytorch_model.bin or adapter_model.bin, which may never exceed 4 MB. */
  readonly safetensorsHeader: number;
  /** The number of tensors in one file, or of names in an index of shards. */
  readonly tensors: number;
  /** Bytes of a JSON file such as config.json. */
  readonly json: number;
  /** Bytes of tokenizer.json. */
  readonly tokenizer: number;
  /** Bytes of adapter_model.safetensors or adapter_model.bin. */
  readonly adapter: number;
}

/** Default limits, several times as large as the largest published files need. */
export const defaultLimits: ParserLimits = Object.freeze({
  safetensorsHeader: 25_000_000,
  tensors: 200_000,
  json: 10_000_000,
  tokenizer: 64_000_000,
  adapter: 512_000_000,
});
