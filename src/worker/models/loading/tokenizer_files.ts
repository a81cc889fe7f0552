import type { JsonObject } from '../../../core/input/fields';
import { type FileSource, readFile, readIfKnown, readUnlessUnknown } from '../../../core/input/file_source';
import type { ParserLimits } from '../../../core/types/source';
import { parseJsonObject } from '../../../formats/json';
import { specialToken } from '../../../tokenizer/special_tokens';
import { configuredStages, needsModelType, type ReplaceStages } from '../../../tokenizer/vocabulary/configured_stages';
import { usualTokens } from '../../../tokenizer/vocabulary/tokenizer_classes';
import { tokenizerOfVocabulary, type VocabularyFiles } from '../../../tokenizer/vocabulary/vocabulary_files';

type Limits = Pick<ParserLimits, 'tokenizer' | 'json'>;

/** The contents of a tokenizer's files. */
interface TokenizerFiles {
  /** tokenizer.json, parsed or as text. */
  readonly tokenizer: string | JsonObject;
  /** tokenizer_config.json, parsed or as text. */
  readonly config: string | JsonObject;
  /** Replaces the stages of tokenizer.json that transformers derives from tokenizer_config.json instead. */
  readonly stages?: ReplaceStages | undefined;
  /** The size in bytes of the files that contain the vocabulary. */
  readonly bytes: number;
}

interface TokenizerFilesOptions {
  /** The model_type of config.json. If it is undefined and needed, the folder's config.json is read. */
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
  const json = async (name: string): Promise<JsonObject | undefined> => {
    const bytes = await readIfKnown(source, name, limits.json);
    return bytes && parseJsonObject(bytes, name, limits.json);
  };
  const file = await readIfKnown(source, 'tokenizer.json', limits.tokenizer);
  if (file !== undefined) {
    const tokenizer = textOf(file);
    await onTokenizer?.(tokenizer);
    const found = await json('tokenizer_config.json');
    const own = found ?? {};
    const type = modelType ?? (needsModelType(own) ? textIn(await json('config.json'), 'model_type') : undefined);
    const usual = usualTokens(own, type, tokenizer);
    const map = found !== undefined && needsTokensMap(usual, own) && (await readTokensMap(source, limits));
    return { tokenizer, config: { ...usual, ...own, ...map }, stages: configuredStages(own, type), bytes: file.length };
  }
  const vocabulary = await readVocabulary(source, limits);
  if (vocabulary === undefined) return undefined;
  const model = await json('config.json');
  const files: VocabularyFiles = {
    vocabulary: vocabulary.of,
    config: (await json('tokenizer_config.json')) ?? {},
    specialTokens: (await json('special_tokens_map.json')) ?? {},
    addedTokens: (await json('added_tokens.json')) ?? {},
    modelClass: model?.tokenizer_class,
    modelType: modelType ?? textIn(model, 'model_type'),
  };
  return { ...tokenizerOfVocabulary(files), bytes: vocabulary.bytes };
}

/**
 * Whether to read special_tokens_map.json in addition to tokenizer.json. Most folders lack it, so it is read only if no other file names
 * the token that ends a text. As in transformers, it isn't read if tokenizer_config.json has all added tokens.
 */
function needsTokensMap(usual: JsonObject, config: JsonObject): boolean {
  const isNamed = specialToken(config, 'eos_token') !== null || Object.keys(usual).length > 0;
  return !isNamed && config.added_tokens_decoder === undefined;
}

/** Reads special_tokens_map.json. If only cached files may be used and the cache doesn't know this file, the file counts as missing. */
async function readTokensMap(source: FileSource, { json: limit }: Limits): Promise<JsonObject> {
  const name = 'special_tokens_map.json';
  const bytes = await readUnlessUnknown(source, name, limit);
  return bytes === undefined ? {} : parseJsonObject(bytes, name, limit);
}

/** Whether a folder's tokenizer loads without a new request. `has` returns whether the folder has a file; undefined if that isn't known. */
export function isTokenizerKnown(has: (file: string) => boolean | undefined): boolean {
  if (has('tokenizer.json') === undefined) return false;
  // special_tokens_map.json may be unknown: without network requests, it then counts as missing.
  if (has('tokenizer.json')) return has('tokenizer_config.json') !== undefined;
  const isJson = has('vocab.json');
  if (isJson === undefined) return false;
  const isVocabulary = has(isJson ? 'merges.txt' : 'vocab.txt');
  if (!isVocabulary) return isVocabulary === false && !isJson;
  // Loading requests added_tokens.json last. So if the cache knows this file, it knows all files of the tokenizer.
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

function textIn(json: JsonObject | undefined, key: string): string | undefined {
  const value = json?.[key];
  return typeof value === 'string' ? value : undefined;
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
