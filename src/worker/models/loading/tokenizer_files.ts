import type { JsonObject } from '../../../core/input/fields';
import { type FileSource, readFile, readIfKnown } from '../../../core/input/file_source';
import type { ParserLimits } from '../../../core/types/source';
import { parseJsonObject } from '../../../formats/json';
import { configuredStages, usualTokens } from '../../../tokenizer/vocabulary/tokenizer_classes';
import { tokenizerOfVocabulary, type VocabularyFiles } from '../../../tokenizer/vocabulary/vocabulary_files';

type Limits = Pick<ParserLimits, 'tokenizer' | 'json'>;

/** The contents of a tokenizer's files. */
interface TokenizerFiles {
  /** tokenizer.json, parsed or as text. */
  readonly tokenizer: string | JsonObject;
  /** tokenizer_config.json, parsed or as text. */
  readonly config: string | JsonObject;
  /** The stages that tokenizer_config.json decides, although tokenizer.json has them, too. */
  readonly stages?: JsonObject | undefined;
  /** The size in bytes of the files that contain the vocabulary. */
  readonly bytes: number;
}

interface TokenizerFilesOptions {
  /** The model_type of config.json. If it is needed and not given, that of the folder's config.json is used. */
  readonly modelType?: string | undefined;
  /** Called with the text of tokenizer.json, before any other file is read. */
  readonly onTokenizer?: ((json: string) => Promise<void>) | undefined;
}

/**
 * Reads a folder's tokenizer: tokenizer.json, or the vocabulary that older folders have instead. Returns undefined if the folder has
 * neither.
 */
export async function readTokenizerFiles(
  source: FileSource,
  limits: Limits,
  { modelType, onTokenizer }: TokenizerFilesOptions = {},
): Promise<TokenizerFiles | undefined> {
  const file = await readIfKnown(source, 'tokenizer.json', limits.tokenizer);
  if (file !== undefined) {
    const tokenizer = textOf(file);
    await onTokenizer?.(tokenizer);
    const found = await readIfKnown(source, 'tokenizer_config.json', limits.json);
    const config = found === undefined ? {} : parseJsonObject(found, 'tokenizer_config.json', limits.json);
    const stages = configuredStages(config, modelType);
    return {
      tokenizer,
      config: { ...usualTokens(config, modelType, tokenizer), ...config },
      stages,
      bytes: file.length,
    };
  }
  const vocabulary = await readVocabulary(source, limits);
  if (vocabulary === undefined) return undefined;
  const object = async (name: string): Promise<JsonObject> => {
    const bytes = await readIfKnown(source, name, limits.json);
    return bytes === undefined ? {} : parseJsonObject(bytes, name, limits.json);
  };
  const model = await object('config.json');
  const files: VocabularyFiles = {
    vocabulary: vocabulary.of,
    config: await object('tokenizer_config.json'),
    specialTokens: await object('special_tokens_map.json'),
    addedTokens: await object('added_tokens.json'),
    modelClass: model.tokenizer_class,
    modelType: modelType ?? textIn(model, 'model_type'),
  };
  return { ...tokenizerOfVocabulary(files), bytes: vocabulary.bytes };
}

/** Whether a folder's tokenizer loads without a new request. `has` returns whether the folder has a file; undefined if that isn't known. */
export function isTokenizerKnown(has: (file: string) => boolean | undefined): boolean {
  if (has('tokenizer.json') === undefined) return false;
  if (has('tokenizer.json')) return has('tokenizer_config.json') !== undefined;
  const isJson = has('vocab.json');
  if (isJson === undefined) return false;
  const isVocabulary = has(isJson ? 'merges.txt' : 'vocab.txt');
  if (!isVocabulary) return isVocabulary === false && !isJson;
  // added_tokens.json is the last of the tokenizer's files that loading requests, so all others are known, too.
  return has('added_tokens.json') !== undefined;
}

async function readVocabulary(
  source: FileSource,
  { tokenizer: limit }: Limits,
): Promise<{ readonly of: VocabularyFiles['vocabulary']; readonly bytes: number } | undefined> {
  const json = await readIfKnown(source, 'vocab.json', limit);
  if (json !== undefined) {
    const merges = await readFile(source, 'merges.txt', limit);
    const of = { json: parseJsonObject(json, 'vocab.json', limit), merges: textOf(merges) };
    return { of, bytes: json.length + merges.length };
  }
  const lines = await readIfKnown(source, 'vocab.txt', limit);
  return lines === undefined ? undefined : { of: { lines: textOf(lines) }, bytes: lines.length };
}

function textIn(json: JsonObject, key: string): string | undefined {
  const value = json[key];
  return typeof value === 'string' ? value : undefined;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
