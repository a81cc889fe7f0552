import { WebVeraError } from '../core/errors/error';
import { isJsonObject, type JsonObject } from '../core/input/fields';
import { checkPattern } from './patterns';

/** Above any published vocabulary, and small enough to be counted in an array. */
const MAX_IDS = 2 ** 22;
const MAX_NODES = 4096;
const MAX_STRING = 256;
/** Characters of a token. The longest of published vocabularies, runs of spaces, have 128. */
const MAX_TOKEN = 1024;
/** Models that write images have 32,768. */
const MAX_ADDED_TOKENS = 65_536;
/** Characters of a word that WordPiece looks at. */
const MAX_WORD = 200;

/** A tokenizer.json whose every part has been looked at. */
export interface TokenizerDefinition {
  readonly json: JsonObject;
  /** Entries of the vocabulary, without added tokens that aren't part of it: what Hugging Face calls `vocab_size`. */
  readonly vocabSize: number;
  /** All ids are below it. */
  readonly idLimit: number;
}

/**
 * Checks an untrusted tokenizer.json, as `parseJson` gives it: structure, sizes, ids, and what its rules hold. What they do to a text is
 * bounded when they run.
 * `modelVocabSize` is the number of rows of the embedding that the ids will index.
 * Throws `invalid_format`.
 */
export function checkTokenizer(json: unknown, modelVocabSize: number | undefined): TokenizerDefinition {
  if (!isJsonObject(json)) throw invalid('expected a JSON object');
  const idLimit = Math.min(modelVocabSize ?? MAX_IDS, MAX_IDS);
  const { type, size } = checkModel(json.model, idLimit);
  const added = json.added_tokens ?? [];
  checkAddedTokens(added, idLimit);
  const stages = {
    normalizer: json.normalizer ?? null,
    pre_tokenizer: json.pre_tokenizer ?? null,
    post_processor: json.post_processor ?? null,
    decoder: json.decoder ?? null,
  };
  for (const [stage, rules] of Object.entries(stages)) checkRules(stage, rules);
  const model = { ...(json.model as JsonObject), type };
  return { json: { ...stages, added_tokens: added, model }, vocabSize: size, idLimit };
}

function checkModel(model: unknown, idLimit: number): { readonly type: string; readonly size: number } {
  if (!isJsonObject(model)) throw invalid('model: expected an object');
  const type = model.type ?? impliedType(model);
  if (type !== 'BPE' && type !== 'WordPiece' && type !== 'Unigram') {
    throw invalid(`model.type: expected BPE, WordPiece or Unigram, got ${describe(type)}`);
  }
  if (type === 'BPE') checkMerges(model.merges);
  for (const affix of ['unk_token', 'continuing_subword_prefix', 'end_of_word_suffix', 'continuing_subword_suffix']) {
    checkString(`model.${affix}`, model[affix] ?? '', MAX_STRING);
  }
  const most = model.max_input_chars_per_word ?? 100;
  if (!(Number.isSafeInteger(most) && (most as number) > 0 && (most as number) <= MAX_WORD)) {
    throw invalid(`model.max_input_chars_per_word: expected an integer from 1 to ${MAX_WORD}, got ${describe(most)}`);
  }
  return { type, size: type === 'Unigram' ? checkScores(model.vocab, idLimit) : checkVocab(model.vocab, idLimit) };
}

/** Files of the first versions of the format don't say. */
function impliedType(model: JsonObject): string | undefined {
  if (Array.isArray(model.vocab)) return 'Unigram';
  if (Array.isArray(model.merges)) return 'BPE';
  return 'continuing_subword_prefix' in model ? 'WordPiece' : undefined;
}

function checkVocab(vocab: unknown, idLimit: number): number {
  if (!isJsonObject(vocab)) throw invalid('model.vocab: expected an object of token ids');
  const entries = Object.entries(vocab);
  for (const [token, id] of entries) {
    if (token.length > MAX_TOKEN) checkString('model.vocab', token, MAX_TOKEN);
    if (!isId(id, idLimit)) throw invalidId(`model.vocab: ${describe(token)}`, id, idLimit);
  }
  return entries.length;
}

function checkScores(vocab: unknown, idLimit: number): number {
  if (!Array.isArray(vocab) || vocab.length === 0) throw invalid('model.vocab: expected a list of tokens with scores');
  for (const entry of vocab) {
    const isScored = Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';
    if (!isScored) throw invalid(`model.vocab: expected a token and its score, got ${describe(entry)}`);
    checkString('model.vocab', entry[0], MAX_TOKEN);
  }
  if (!isId(vocab.length - 1, idLimit)) throw invalidId('model.vocab: the last token', vocab.length - 1, idLimit);
  return vocab.length;
}

function checkMerges(merges: unknown): void {
  if (!Array.isArray(merges)) throw invalid('model.merges: expected a list');
  for (const merge of merges) {
    const parts: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    const isPair = Array.isArray(parts) && parts.length === 2 && parts.every((part) => typeof part === 'string');
    if (!isPair) throw invalid(`model.merges: expected pairs of tokens, got ${describe(merge)}`);
    for (const part of parts) if (part.length > MAX_TOKEN) checkString('model.merges', part, MAX_TOKEN);
  }
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
    if (!isId(token.id, idLimit)) throw invalidId(`added_tokens: ${describe(token.content)}`, token.id, idLimit);
  }
}

function isId(id: unknown, idLimit: number): boolean {
  return Number.isSafeInteger(id) && (id as number) >= 0 && (id as number) < idLimit;
}

function invalidId(what: string, id: unknown, idLimit: number): WebVeraError {
  return invalid(`${what}: expected an id from 0 to ${idLimit - 1}, got ${describe(id)}`);
}

function checkString(what: string, value: unknown, longest: number): void {
  if (typeof value !== 'string') throw invalid(`${what}: expected a text, got ${describe(value)}`);
  if (value.length > longest) throw invalid(`${what}: expected at most ${longest} characters, got ${value.length}`);
}

/** Walks normalizers, pre-tokenizers, post-processors and decoders alike. Their types are the library's to check. */
function checkRules(stage: string, rules: unknown): void {
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
    // A table of characters, which the library replaces by rules of its own.
    if (key === 'precompiled_charsmap') return;
    if (key === 'Regex') {
      if (typeof value !== 'string' || value === '')
        throw invalid(`${stage}: expected a pattern, got ${describe(value)}`);
      checkPattern(value);
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

/** What the library takes for granted of single rules. */
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

function describe(value: unknown): string {
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'a list' : 'an object';
  const text = JSON.stringify(typeof value === 'string' ? value.slice(0, 41) : value) ?? 'nothing';
  return text.length <= 40 ? text : `${text.slice(0, 40)}…`;
}

function invalid(problem: string): WebVeraError {
  return new WebVeraError('invalid_format', `tokenizer.json: ${problem}`, {
    hint: "Is this the tokenizer.json that belongs to the model, in Hugging Face's format?",
  });
}
