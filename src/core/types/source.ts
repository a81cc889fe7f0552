import type { Files } from '../input/named_files';

/** Where a model comes from. */
export type ModelSource =
  /**
   * 'org/name' on the hub; or the address of a folder, as `URL` has it, if it begins with '/', '../', '../../' or 'https:'. What
   * begins with a dot or slash is looked for from where the document is.
   */
  | string
  /** A folder holding config.json, model.safetensors or pytorch_model.bin (or their shards), tokenizer.json. */
  | URL
  | { readonly repo: string; readonly revision?: string; readonly subfolder?: string }
  /** Files by name, as an input of files, drag and drop, or `save_pretrained` gives them; config and weights suffice. */
  | { readonly files: Files }
  | Files;

/** The same as a session has it. */
export type FolderSource =
  | Exclude<ModelSource, Files | { readonly files: Files }>
  | { readonly files: ReadonlyMap<string, Blob> };

/**
 * What loading reports: transformers.js' shapes, and ours. `progress` is a percentage; `loaded` and `total` are bytes. Of each file:
 * 'initiate' and 'download', also where it is read from this device, 'progress', 'done'. Of the model: 'progress_total', once it is
 * known how much is to come; 'verify', as bytes are found to have their hashes, 'upload', as weights reach the GPU, and 'compile', as
 * the kernels that read them are compiled, all of them meanwhile; last 'ready', which waits for no kernel.
 */
export type ProgressInfo =
  | {
      /** With `cached` where it is all on this device, or `resumedFrom`, the byte that a download goes on from. */
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

/** Caps on untrusted files; what is larger is refused with `limit_exceeded` before memory is taken for it. */
export interface ParserLimits {
  /** Bytes of a safetensors header; of a pytorch_model.bin's pickle, which may have 4 MB at most. */
  readonly safetensorsHeader: number;
  /** Tensors in one file, or names in an index of shards. */
  readonly tensors: number;
  /** Bytes of a JSON file such as config.json. */
  readonly json: number;
  /** Bytes of tokenizer.json. */
  readonly tokenizer: number;
  /** Bytes of adapter_model.safetensors. */
  readonly adapter: number;
}

/** Several times what the largest published files need. */
export const defaultLimits: ParserLimits = Object.freeze({
  safetensorsHeader: 25_000_000,
  tensors: 200_000,
  json: 10_000_000,
  tokenizer: 64_000_000,
  adapter: 512_000_000,
});
