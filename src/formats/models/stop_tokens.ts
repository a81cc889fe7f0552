import { Fields } from '../../core/input/fields';
import { type FileSource, readUnlessUnknown } from '../../core/input/file_source';
import type { ParserLimits } from '../../core/types/source';
import { parseJsonObject } from '../json';

/** The file with a folder's settings for generated texts. */
export const GENERATION_FILE = 'generation_config.json';

/**
 * Reads from a folder's generation_config.json which tokens end a text. They take precedence over those in config.json, as in transformers:
 * chat models often name the token that ends a turn only here. Returns undefined if the file or the field is missing, or if only cached
 * files may be used and the file was never requested. Throws `invalid_format`, `limit_exceeded` and the source's errors.
 */
export async function readStopTokens(
  source: FileSource,
  { json }: Pick<ParserLimits, 'json'>,
  vocabSize: number,
): Promise<readonly number[] | undefined> {
  const bytes = await readUnlessUnknown(source, GENERATION_FILE, json);
  if (bytes === undefined) return undefined;
  const ids = new Fields(parseJsonObject(bytes, GENERATION_FILE, json), GENERATION_FILE).tokenIds(
    'eos_token_id',
    vocabSize,
    [],
  );
  return ids.length === 0 ? undefined : ids;
}
