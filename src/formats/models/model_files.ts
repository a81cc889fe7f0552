import { lazily } from '../../core/async/lazily';
import { WebVeraError } from '../../core/errors/error';
import { isJsonObject, type JsonObject } from '../../core/input/fields';
import { type FileSource, readFile, readIfKnown, readUnlessUnknown } from '../../core/input/file_source';
import type { PretrainedConfig } from '../../core/types/model';
import { defaultLimits, type ParserLimits } from '../../core/types/source';
import { parseJsonObject } from '../json';
import type { StoredTensor, TensorHeader } from '../tensors/stored_tensor';
import { readWeightHeaders, readWeights, type WeightHeaders } from './weights';

/** The file with a folder's settings for preprocessing images. */
export const PREPROCESSOR_FILE = 'preprocessor_config.json';
/** The file in which transformers 5 nests these settings if a folder also has a tokenizer. */
export const PROCESSOR_FILE = 'processor_config.json';

/** The files of a model, in any format. */
export interface ModelFiles {
  /** The contents of config.json. Throws `not_found`, `invalid_format`, `limit_exceeded` and the source's errors. */
  config(): Promise<PretrainedConfig>;
  /**
   * The contents of preprocessor_config.json, or without that file the `image_processor` of processor_config.json; undefined if there is
   * neither. Throws `invalid_format`, `limit_exceeded` and the source's errors.
   */
  preprocessor(): Promise<JsonObject | undefined>;
  /** Returns the headers of all tensors, without reading weights. Call either this or `tensors`, not both. Throws like `tensors`. */
  headers(): Promise<WeightHeaders>;
  /**
   * Yields the tensors that `select` accepts, in the order in which they arrive. `select` is called before a tensor's bytes are read, so it
   * can check shapes; if it throws, reading stops with that error. Leaving the loop early cancels the download.
   */
  tensors(select: (tensor: TensorHeader) => boolean): AsyncIterable<StoredTensor>;
}

/** Reads the files of a Hugging Face folder: config.json, and the weights as `readWeights` finds them. */
export function folderFiles(source: FileSource, limits: ParserLimits = defaultLimits): ModelFiles {
  return {
    async config() {
      const bytes = await readFile(source, 'config.json', limits.json);
      return parseJsonObject(bytes, 'config.json', limits.json) as PretrainedConfig;
    },
    preprocessor: lazily(async () => {
      const bytes = await readIfKnown(source, PREPROCESSOR_FILE, limits.json);
      return bytes === undefined
        ? nestedSettings(source, limits)
        : parseJsonObject(bytes, PREPROCESSOR_FILE, limits.json);
    }),
    headers: () => readWeightHeaders(source, limits),
    tensors: (select) => readWeights(source, { limits, select }),
  };
}

/**
 * Returns the settings for images in processor_config.json. The file counts as missing if whether the folder has it can't be found out:
 * folders that an earlier release cached have no record of it, and still load without a connection.
 */
async function nestedSettings(source: FileSource, { json: limit }: ParserLimits): Promise<JsonObject | undefined> {
  const bytes = await readUnlessUnknown(source, PROCESSOR_FILE, limit).catch((error) => {
    if (error instanceof WebVeraError && error.code === 'offline') return undefined;
    throw error;
  });
  const nested = bytes && parseJsonObject(bytes, PROCESSOR_FILE, limit).image_processor;
  return isJsonObject(nested) ? nested : undefined;
}
