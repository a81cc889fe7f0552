import { type FileSource, readFile } from '../../core/input/file_source';
import type { PretrainedConfig } from '../../core/types/model';
import { defaultLimits, type ParserLimits } from '../../core/types/source';
import { parseJsonObject } from '../json';
import type { StoredTensor } from '../tensors/stored_tensor';
import type { TensorHeader } from '../tensors/tensor_header';
import { readWeightHeaders, type WeightHeaders } from './weight_headers';
import { readWeights } from './weights';

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
    tensors: (select) => readWeights(source, { limits, select }),
  };
}
