import { isJsonObject, type JsonObject } from '../core/input/fields';
import { checkAdded, checkId, checkString, describe, invalid, MAX_STRING, MAX_TOKEN } from './checks';
import type { ModelKind } from './models/model_kind';
import { modelKindOf } from './models/model_kinds';
import { checkPattern, type PatternSizes } from './rules/patterns';

/** The largest number of ids: more than any published vocabulary has, and few enough for an array with an entry for each id. */
const MAX_IDS = 2 ** 22;
/** The largest number of objects, lists and values in the rules of one stage. */
const MAX_NODES = 4096;
/** The largest number of added tokens. The tokenizers of models that generate images have 32,768. */
const MAX_ADDED_TOKENS = 65_536;
/** The length of the longest word that WordPiece may encode, in characters. */
const MAX_WORD = 200;

/** A tokenizer.json whose parts have all been checked. */
export interface TokenizerDefinition {
  /** The file with all its stages; a stage without rules is null. */
  readonly json: JsonObject & { readonly model: JsonObject };
  readonly modelKind: ModelKind;
  /** The number of entries in the model's vocabulary. Added tokens outside it don't count, as in Hugging Face's `vocab_size`. */
  readonly vocabSize: number;
  /** All ids are below this number. */
  readonly idLimit: number;
}

/**
 * Checks a parsed, untrusted tokenizer.json: its structure, sizes, ids, and the fields of its rules. The work of the rules is limited
 * later, when they run. `modelVocabSize` is the number of rows of the embedding that the ids will index. Throws `invalid_format`, and
 * `limit_exceeded` if all patterns or all added tokens together are too large.
 */
export function checkTokenizer(json: unknown, modelVocabSize: number | undefined): TokenizerDefinition {
  if (!isJsonObject(json)) throw invalid('expected a JSON object');
  const idLimit = Math.min(modelVocabSize ?? MAX_IDS, MAX_IDS);
  const { kind, size } = checkModel(json.model, idLimit);
  const listed = json.added_tokens ?? [];
  checkAddedTokens(listed, MAX_IDS);
  // Files may list tokens that the model's embedding lacks, such as Gemma 3's <image_soft_token>. These tokens are ignored.
  const added = (listed as readonly { readonly id: number }[]).filter(({ id }) => id < idLimit);
  const stages = {
    normalizer: json.normalizer ?? null,
    pre_tokenizer: json.pre_tokenizer ?? null,
    post_processor: json.post_processor ?? null,
    decoder: json.decoder ?? null,
  };
  const patterns = { length: 0, properties: 0 };
  for (const [stage, rules] of Object.entries(stages)) checkRules(stage, rules, patterns);
  const model = { ...(json.model as JsonObject), type: kind.type };
  return { json: { ...stages, added_tokens: added, model }, modelKind: kind, vocabSize: size, idLimit };
}

function checkModel(model: unknown, idLimit: number): { readonly kind: ModelKind; readonly size: number } {
  if (!isJsonObject(model)) throw invalid('model: expected an object');
  const kind = modelKindOf(model);
  for (const affix of ['unk_token', 'continuing_subword_prefix', 'end_of_word_suffix', 'continuing_subword_suffix']) {
    checkString(`model.${affix}`, model[affix] ?? '', MAX_STRING);
  }
  const most = model.max_input_chars_per_word ?? 100;
  if (!(Number.isSafeInteger(most) && (most as number) > 0 && (most as number) <= MAX_WORD)) {
    throw invalid(`model.max_input_chars_per_word: expected an integer from 1 to ${MAX_WORD}, got ${describe(most)}`);
  }
  return { kind, size: kind.check(model, idLimit) };
}

function checkAddedTokens(added: unknown, idLimit: number): void {
  if (!Array.isArray(added)) throw invalid('added_tokens: expected a list');
  if (added.length > MAX_ADDED_TOKENS) {
    throw invalid(`added_tokens: expected at most ${MAX_ADDED_TOKENS} tokens, got ${added.length}`);
  }
  for (const token of added) {
    if (!isJsonObject(token) || typeof token.content !== 'string' || token.content === '') {
      throw invalid(`added_tokens: expected tokens with content, got ${describe(token)}`);
    }
    checkString('added_tokens', token.content, MAX_TOKEN);
    checkId(() => `added_tokens: ${describe(token.content)}`, token.id, idLimit);
  }
  checkAdded(added.map(({ content }) => content));
}

/** Checks the rules of one stage, such as the normalizer. @huggingface/tokenizers (below: the library) checks the types of the rules. */
function checkRules(stage: string, rules: unknown, patterns: PatternSizes): void {
  let nodes = 0;
  visit(rules);

  function visit(node: unknown): void {
    nodes++;
    if (nodes > MAX_NODES) throw invalid(`${stage}: expected at most ${MAX_NODES} entries`);
    if (Array.isArray(node)) {
      for (const item of node) visit(item);
    } else if (isJsonObject(node)) {
      checkRule(stage, node);
      for (const [key, value] of Object.entries(node)) visitField(key, value);
    }
  }

  function visitField(key: string, value: unknown): void {
    // This field is a table of characters. The library ignores the table and applies built-in rules instead.
    if (key === 'precompiled_charsmap') return;
    if (key === 'Regex') {
      if (typeof value !== 'string' || value === '')
        throw invalid(`${stage}: expected a pattern, got ${describe(value)}`);
      checkPattern(value, patterns);
    } else if (key === 'String' && (typeof value !== 'string' || value === '')) {
      throw invalid(`${stage}: expected a text to look for, got ${describe(value)}`);
    } else if (key === 'length' && !(Number.isSafeInteger(value) && (value as number) > 0)) {
      throw invalid(`${stage}: expected a length of at least 1, got ${describe(value)}`);
    } else if (typeof value === 'string') {
      checkString(`${stage}: ${key}`, value, MAX_STRING);
    } else {
      visit(value);
    }
  }
}

/** Checks those fields of a rule that the library doesn't check itself. */
function checkRule(stage: string, rule: JsonObject): void {
  const { type, replacement, str_rep } = rule;
  if (type === 'Metaspace') {
    for (const sign of [replacement, str_rep]) {
      if (sign === undefined || sign === null) continue;
      if (typeof sign !== 'string' || [...sign.slice(0, 3)].length !== 1) {
        throw invalid(`${stage}: expected one character in the place of a space, got ${describe(sign)}`);
      }
    }
  }
}
