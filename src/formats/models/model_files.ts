import { lazily } from '../../core/async/lazily';
import { WebVeraError } from '../../core/errors/error';
import { Fields, isJsonObject, type JsonObject } from '../../core/input/fields';
import { type FileSource, readFile, readIfKnown, readUnlessUnknown } from '../../core/input/file_source';
import type { PretrainedConfig } from '../../core/types/model';
import { defaultLimits, type ParserLimits } from '../../core/types/source';
import { parseJsonObject } from '../json';
import type { StoredTensor, TensorHeader } from '../tensors/stored_tensor';
import { readWeightHeaders, readWeights, type WeightHeaders } from './weights';

/** The file with a folder's settings for preprocessing images. */
export const PREPROCESSOR_FILE = 'preprocessor_config.json';
/** The file in which transformers 5 nests the settings for preprocessing images if it saves them with a tokenizer. */
export const PROCESSOR_FILE = 'processor_config.json';

/** A folder's settings for preprocessing images. */
export interface ImageSettings {
  readonly json: JsonObject;
  /** The location of the settings, for error messages: 'preprocessor_config.json' or 'processor_config.json: image_processor'. */
  readonly where: string;
}

/** The files of a model, in any format. */
export interface ModelFiles {
  /** The contents of config.json. Throws `not_found`, `invalid_format`, `limit_exceeded` and the source's errors. */
  config(): Promise<PretrainedConfig>;
  /**
   * The `image_processor` of processor_config.json, or without it the contents of preprocessor_config.json, as in transformers; undefined if
   * there is neither. Throws `invalid_format`, `limit_exceeded` and the source's errors.
   */
  preprocessor(): Promise<ImageSettings | undefined>;
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
    preprocessor: lazily(async () => (await nestedSettings(source, limits)) ?? ownSettings(source, limits)),
    headers: () => readWeightHeaders(source, limits),
    tensors: (select) => readWeights(source, { limits, select }),
  };
}

/**
 * Returns the settings for images in processor_config.json. Folders that an earlier release cached have no record of that file, and still
 * load without a connection, by their preprocessor_config.json.
 */
async function nestedSettings(source: FileSource, { json: limit }: ParserLimits): Promise<ImageSettings | undefined> {
  const bytes = await readUnlessUnknown(source, PROCESSOR_FILE, limit).catch(async (error) => {
    const isOffline = error instanceof WebVeraError && error.code === 'offline';
    if (isOffline && (await source.cachedBytes?.(PREPROCESSOR_FILE))) return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  const fields = new Fields(parseJsonObject(bytes, PROCESSOR_FILE, limit), PROCESSOR_FILE);
  const json = fields.get('image_processor');
  if (json === undefined) return undefined;
  if (!isJsonObject(json)) throw fields.invalid('image_processor', 'an object');
  return { json, where: `${PROCESSOR_FILE}: image_processor` };
}

async function ownSettings(source: FileSource, { json: limit }: ParserLimits): Promise<ImageSettings | undefined> {
  const bytes = await readIfKnown(source, PREPROCESSOR_FILE, limit);
  return bytes && { json: parseJsonObject(bytes, PREPROCESSOR_FILE, limit), where: PREPROCESSOR_FILE };
}
