import { type FileSource, readFile } from '../core/files';
import type { PretrainedConfig } from '../core/model';
import type { PackedName } from '../core/packed';
import { defaultLimits, type ParserLimits } from '../core/source';
import { parseJsonObject } from './json';
import type { RawTensor } from './safetensors';
import type { TensorHeader } from './tensor_header';
import { readWeightHeaders, type WeightHeaders } from './weight_headers';
import { readWeights } from './weights';

/** A tensor as it comes in. */
export interface StoredTensor extends Pick<RawTensor, 'dtype' | 'shape'> {
  readonly name: string;
  /** So many rows from `first` on: views of the tensor's bytes. Without arguments all of it. */
  rows(first?: number, count?: number): RawTensor & { readonly bytes: Uint8Array<ArrayBuffer> };
  /** Where the file packs numbers as the device may have them: how, and the words of so many rows. `rows` widens them. */
  readonly packed?: PackedTensor | undefined;
}

interface PackedTensor {
  readonly name: PackedName;
  rows(first?: number, count?: number): Uint32Array<ArrayBuffer>;
}

/** What a model is loaded from, whatever the format of its files. */
export interface ModelFiles {
  /** What config.json says. Throws `not_found`, `invalid_format`, `limit_exceeded` and what the source throws. */
  config(): Promise<PretrainedConfig>;
  /** What stands before the weights, which don't come. For files whose tensors aren't asked for. Throws as `tensors` does. */
  headers(): Promise<WeightHeaders>;
  /**
   * The tensors that `select` takes, one after the other as they come in. It is asked before a tensor's bytes are read, so it is
   * the place to compare shapes; what it throws ends the reading. Leaving the loop early cancels the download.
   */
  tensors(select: (tensor: TensorHeader) => boolean): AsyncIterable<StoredTensor>;
}

/** A folder as Hugging Face has them: config.json, and model.safetensors or its shards. */
export function folderFiles(source: FileSource, limits: ParserLimits = defaultLimits): ModelFiles {
  return {
    async config() {
      const bytes = await readFile(source, 'config.json', limits.json);
      return parseJsonObject(bytes, 'config.json', limits.json) as PretrainedConfig;
    },
    headers: () => readWeightHeaders(source, limits),
    async *tensors(select) {
      for await (const { name, dtype, shape, bytes } of readWeights(source, { limits, select })) {
        const size = bytes.length / (shape[0] ?? 1);
        yield {
          name,
          dtype,
          shape,
          rows(first = 0, count = shape[0] ?? 1) {
            return {
              dtype,
              shape: [count, ...shape.slice(1)],
              bytes: bytes.subarray(size * first, size * (first + count)),
            };
          },
        };
      }
    },
  };
}
