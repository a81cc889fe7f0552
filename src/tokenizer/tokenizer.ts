import { Tokenizer as Library } from '@huggingface/tokenizers';
import { WebVeraError } from '../core/error';
import { isJsonObject, type JsonObject } from '../core/fields';
import { checkTokenizer, type TokenizerDefinition } from './definition';
import { cutText, type Seam, seamOf } from './pieces';

/** What the library gives: `undefined` for what the vocabulary has no token for. */
type RawIds = readonly (number | undefined)[];

/** Milliseconds for one piece of text. */
const PIECE_DEADLINE = 2000;

export interface EncodeOptions {
  /** true. The tokenizer's own: what its post-processor puts around a text. */
  readonly add_special_tokens?: boolean;
}

export interface DecodeOptions {
  /** false */
  readonly skip_special_tokens?: boolean;
}

/** A tokenizer whose ids can be trusted: every one is an integer in [0, the model's vocab_size). Synchronous. */
export interface TextTokenizer {
  /** Entries of the vocabulary without added tokens, as in Hugging Face. */
  readonly vocab_size: number;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;
  readonly eos_token: string | null;
  /** Throws `timeout` when a piece of the text takes longer than 2 s, `invalid_format` when the file has no token for it. */
  encode(text: string, options?: EncodeOptions): number[];
  /** Ids that no token has give no text. Throws `invalid_argument` unless all ids are integers in [0, vocab_size of the model). */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  /** For texts that come in parts: how to cut them, and what surrounds the whole. */
  readonly seam: Seam;
  readonly specialTokens: { readonly before: readonly number[]; readonly after: readonly number[] };
  /** Encodes one piece, without special tokens. */
  encodePiece(piece: string): number[];
}

export interface TokenizerOptions {
  /** Rows of the model's embedding: ids must stay below. Without it any id up to 2^22. */
  readonly vocabSize?: number;
  /** Milliseconds; default `performance.now`. */
  readonly clock?: () => number;
}

/**
 * Makes a tokenizer from the texts of tokenizer.json and tokenizer_config.json.
 *
 * JavaScript can't stop a running match, so a deadline takes effect between pieces of a text only; patterns that could
 * run for ever are refused beforehand, and what still hangs is ended with its worker.
 * Throws `invalid_format`.
 */
export function createTokenizer(
  tokenizerJson: string,
  tokenizerConfig?: string,
  { vocabSize, clock = () => performance.now() }: TokenizerOptions = {},
): TextTokenizer {
  const definition = checkTokenizer(parseJson('tokenizer.json', tokenizerJson), vocabSize);
  const config = tokenizerConfig === undefined ? {} : parseJson('tokenizer_config.json', tokenizerConfig);
  if (!isJsonObject(config)) throw invalid('tokenizer_config.json: expected a JSON object');
  const library = openLibrary(definition, config);

  const encodeRaw = (text: string, add_special_tokens: boolean): RawIds =>
    guarded('encode', () => library.encode(text, { add_special_tokens }).ids);
  const encodePiece = (piece: string): number[] => {
    if (piece === '') return [];
    const start = clock();
    const ids = checkEncoded(encodeRaw(piece, false), definition);
    if (clock() - start > PIECE_DEADLINE) throw tooSlow(piece);
    return ids;
  };
  const around = specialTokensAround(encodeRaw);
  const specialTokens = {
    before: checkEncoded(around.before, definition),
    after: checkEncoded(around.after, definition),
  };
  const seam = seamOf((text) => encodeRaw(text, false));
  const eos_token = specialToken(config, 'eos_token');
  const idOf = (token: string | null): number | null => (token === null ? null : (library.token_to_id(token) ?? null));

  return {
    vocab_size: definition.vocabSize,
    bos_token_id: idOf(specialToken(config, 'bos_token')),
    eos_token_id: idOf(eos_token),
    pad_token_id: idOf(specialToken(config, 'pad_token')),
    eos_token,
    seam,
    specialTokens,
    encodePiece,
    encode(text, { add_special_tokens = true } = {}) {
      const ids: number[] = [];
      if (add_special_tokens) ids.push(...specialTokens.before);
      for (const piece of cutText(text, seam)) {
        for (const id of encodePiece(piece)) ids.push(id);
      }
      if (add_special_tokens) ids.push(...specialTokens.after);
      return ids;
    },
    decode(ids, { skip_special_tokens = false } = {}) {
      checkDecodable(ids, definition.idLimit);
      const known = ids.filter((id) => library.id_to_token(id) !== undefined);
      if (known.length === 0) return '';
      return guarded('decode', () => library.decode(known, { skip_special_tokens }));
    },
  };
}

/** Only the settings that the library reads reach it, each of the type it expects. */
function openLibrary({ json }: TokenizerDefinition, config: JsonObject): Library {
  const settings = {
    // transformers ≥ 4.45 doesn't clean up unless told to.
    clean_up_tokenization_spaces: config.clean_up_tokenization_spaces === true,
    do_lowercase_and_remove_accent: config.do_lowercase_and_remove_accent === true,
    remove_space: config.remove_space === true,
    eos_token: specialToken(config, 'eos_token') ?? undefined,
    additional_special_tokens: Array.isArray(config.additional_special_tokens)
      ? config.additional_special_tokens.filter((token) => typeof token === 'string')
      : [],
  };
  return guarded('read', () => new Library(json, settings));
}

/** The config names a token by its text, or by an object that holds it. */
function specialToken(config: JsonObject, key: string): string | null {
  const value = Object.hasOwn(config, key) ? config[key] : null;
  const content = isJsonObject(value) ? value.content : value;
  return typeof content === 'string' ? content : null;
}

/** The post-processor's tokens, so that texts can be encoded piece by piece. */
function specialTokensAround(encode: (text: string, add_special_tokens: boolean) => RawIds): {
  readonly before: RawIds;
  readonly after: RawIds;
} {
  // A small vocabulary may have no token for some of these.
  const probe = ['a', 'A', '1', '.', ' '].find((text) => encode(text, false).length > 0) ?? 'a';
  const bare = encode(probe, false);
  const whole = encode(probe, true);
  const at = bare.length === 0 ? -1 : whole.findIndex((_, start) => bare.every((id, i) => whole[start + i] === id));
  if (at >= 0) return { before: whole.slice(0, at), after: whole.slice(at + bare.length) };
  if (whole.length === 0) return { before: [], after: [] };
  throw invalid('tokenizer.json: its post_processor must put special tokens around a text and keep the text');
}

function checkEncoded(ids: RawIds, { idLimit }: TokenizerDefinition): number[] {
  return ids.map((id) => {
    if (id !== undefined && Number.isSafeInteger(id) && id >= 0 && id < idLimit) return id;
    throw invalid(
      'tokenizer.json: the text holds characters that the vocabulary has no token for, nor has it an unk_token',
    );
  });
}

function checkDecodable(ids: readonly number[], idLimit: number): void {
  for (const id of ids) {
    if (Number.isSafeInteger(id) && id >= 0 && id < idLimit) continue;
    throw new WebVeraError('invalid_argument', `decode: expected token ids from 0 to ${idLimit - 1}, got ${id}`, {
      hint: 'Ids come from the tokenizer or the model that this tokenizer belongs to.',
    });
  }
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid(`${name}: expected JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function guarded<T>(what: string, body: () => T): T {
  try {
    return body();
  } catch (cause) {
    if (cause instanceof WebVeraError) throw cause;
    throw invalid(`tokenizer.json: can't ${what}: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function tooSlow(text: string): WebVeraError {
  return new WebVeraError('timeout', `Tokenizing ${text.length} characters took longer than ${PIECE_DEADLINE} ms`, {
    hint: 'This tokenizer is too slow to use, perhaps by intent. Use that of a published model.',
  });
}

function invalid(message: string, cause?: unknown): WebVeraError {
  return new WebVeraError('invalid_format', message, {
    hint: "Is this the tokenizer that belongs to the model, in Hugging Face's format?",
    cause,
  });
}
