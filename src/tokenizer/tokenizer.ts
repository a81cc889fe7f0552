import type { Breather } from '../core/async/breather';
import { WebVeraError } from '../core/errors/error';
import { isJsonObject, type JsonObject } from '../core/input/fields';
import { parseJson } from '../core/input/nesting';
import type { Chat, RenderChat, RenderedChat } from '../core/types/chat';
import { readChatTemplate, renderChat, specialToken } from './chat_template';
import { checkTokenizer, type TokenizerDefinition } from './definition';
import { type EncodedPair, encodedPair, TokenSource } from './encoded_pair';
import { Pipeline, type RawIds } from './pipeline';
import { type Layout, readLayout, specialTokensAround } from './post_processor';
import { TextStream } from './text_stream';

/** Characters of a text that is encoded in one piece. */
const ONE_PIECE = 2 ** 17;

interface EncodeOptions {
  /** true. The tokenizer's own: what its post-processor puts around a text. */
  readonly add_special_tokens?: boolean;
}

export interface DecodeOptions {
  /** false */
  readonly skip_special_tokens?: boolean;
}

interface GradualOptions extends EncodeOptions {
  /** Pauses the work between windows, and ends it when its signal aborts. */
  readonly breather: Breather;
  /** How many of the first tokens are wanted. Default: all. The text after them isn't encoded. */
  readonly most?: number | undefined;
}

interface EncodePairOptions {
  /** Tokens of a row, special ones included. */
  readonly maxLength: number;
}

/** A tokenizer whose ids can be trusted: every one is an integer in [0, the model's vocab_size). Synchronous. */
export interface TextTokenizer {
  /** Entries of the vocabulary without added tokens, as in Hugging Face. */
  readonly vocab_size: number;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;
  readonly eos_token: string | null;
  /**
   * Throws `limit_exceeded` when the tokenizer's rules take too much work on the text or make it too long, `invalid_format` when
   * the file has no token for it.
   */
  encode(text: string, options?: EncodeOptions): number[];
  /** The first tokens that `encode` gives, made in pieces, so that a long text can be cancelled and doesn't block the thread. */
  encodeGradually(text: string, options: GradualOptions): Promise<number[]>;
  /**
   * One text, or two, with special tokens, cut on the right to `maxLength` tokens: what transformers gives for lists of texts and
   * pairs with `truncation=True`, where an empty text is one of a pair. Of two, what is too much goes from the longer one. Long
   * texts are encoded hardly further than that takes. Throws `invalid_argument` where special tokens alone are more, `invalid_format`
   * where the tokenizer doesn't say how two texts stand together, and besides as `encode` does.
   */
  encodePair(text: string, pair: string | undefined, options: EncodePairOptions): EncodedPair;
  /**
   * Ids that no token has give no text. Throws `invalid_argument` unless all ids are integers in [0, vocab_size of the model),
   * `limit_exceeded` as `encode` does.
   */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  /** The vocabulary's entries of ids; '' for ids that no token has. */
  tokens(ids: readonly number[]): string[];
  readonly hasChatTemplate: boolean;
  /**
   * A conversation as the chat template writes it. Encode it without special tokens: it has its own. Rejects with
   * `invalid_argument` where there is no template or it refuses the messages, `invalid_format` where it is none or fails, and
   * `limit_exceeded` or `timeout` where it does too much.
   */
  renderChat(chat: Chat): Promise<RenderedChat>;
  /** For texts that come in parts: what surrounds the whole. */
  readonly specialTokens: { readonly before: readonly number[]; readonly after: readonly number[] };
  /** Encodes a text that comes in parts, without special tokens. */
  stream(): TextStream;
}

interface TokenizerOptions {
  /** Rows of the model's embedding: ids must stay below. Without it any id up to 2^22. */
  readonly vocabSize?: number;
  /** What chat_template.jinja holds. */
  readonly chatTemplate?: string;
  /** Runs templates. */
  readonly renderChat?: RenderChat;
}

/**
 * Makes a tokenizer from the texts of tokenizer.json and tokenizer_config.json, or from what they hold.
 *
 * What the file's rules and patterns do to a text is bounded: patterns take time linear in it, and rules may make it only so
 * much longer. Throws `invalid_format`, `limit_exceeded`.
 */
export function createTokenizer(
  tokenizerJson: string | JsonObject,
  tokenizerConfig: string | JsonObject = {},
  { vocabSize, chatTemplate, renderChat: render }: TokenizerOptions = {},
): TextTokenizer {
  const definition = checkTokenizer(parsed('tokenizer.json', tokenizerJson), vocabSize);
  const config = parsed('tokenizer_config.json', tokenizerConfig);
  if (!isJsonObject(config)) throw invalid('tokenizer_config.json: expected a JSON object');
  const pipeline = openPipeline(definition, config);

  const encode = (text: string, continued = false): number[] =>
    checkEncoded(
      guarded('encode', () => pipeline.encode(text, continued)),
      definition,
    );
  const tokens = { idOf: (token: string) => pipeline.token_to_id(token), idLimit: definition.idLimit };
  const { post_processor } = definition.json;
  const single = readLayout(post_processor, 1, tokens);
  // A template for pairs that can't be used does no harm where there are none.
  let double: Layout | undefined;
  const specialTokens = specialTokensAround(single);
  const eos_token = specialToken(config, 'eos_token');
  const idOf = (token: string | null): number | null => (token === null ? null : (pipeline.token_to_id(token) ?? null));
  const stream = (): TextStream => new TextStream(encode);
  const template = readChatTemplate(config, chatTemplate);

  return {
    vocab_size: definition.vocabSize,
    bos_token_id: idOf(specialToken(config, 'bos_token')),
    eos_token_id: idOf(eos_token),
    pad_token_id: idOf(specialToken(config, 'pad_token')),
    eos_token,
    specialTokens,
    stream,
    tokens: (ids) => ids.map((id) => pipeline.id_to_token(id) ?? ''),
    hasChatTemplate: template !== undefined,
    renderChat: (chat) => renderChat(template, render, chat),
    encode(text, { add_special_tokens = true } = {}) {
      const ids = text.length <= ONE_PIECE ? encode(text) : encodeInPieces(text, stream());
      return add_special_tokens ? [...specialTokens.before, ...ids, ...specialTokens.after] : ids;
    },
    async encodeGradually(text, { breather, most = Number.POSITIVE_INFINITY, add_special_tokens = true }) {
      const { before, after } = specialTokens;
      const ids = add_special_tokens ? [...before] : [];
      let isCut = false;
      for (const piece of windowsOf(text, stream())) {
        await breather.breathe();
        for (const id of piece) ids.push(id);
        isCut = ids.length > most;
        if (isCut) break;
      }
      if (add_special_tokens && !isCut) ids.push(...after);
      return ids.length > most ? ids.slice(0, most) : ids;
    },
    encodePair(text, pair, { maxLength }) {
      if (pair === undefined) return encodedPair(single, [new TokenSource(text, stream())], maxLength);
      double ??= readLayout(post_processor, 2, tokens);
      return encodedPair(double, [new TokenSource(text, stream()), new TokenSource(pair, stream())], maxLength);
    },
    decode(ids, { skip_special_tokens = false } = {}) {
      checkDecodable(ids, definition.idLimit);
      return guarded('decode', () => pipeline.decode(ids, skip_special_tokens));
    },
  };
}

/** One that tells beforehand of long texts, and of how long they are: it does them in one go. */
export function announcing(tokenizer: TextTokenizer, onLong: (length: number) => void): TextTokenizer {
  const announce = ({ length }: { readonly length: number }): void => {
    if (length > ONE_PIECE) onLong(length);
  };
  return {
    ...tokenizer,
    encode(text, options) {
      announce(text);
      return tokenizer.encode(text, options);
    },
    encodePair(text, pair, options) {
      announce(text);
      if (pair !== undefined) announce(pair);
      return tokenizer.encodePair(text, pair, options);
    },
    decode(ids, options) {
      announce(ids);
      return tokenizer.decode(ids, options);
    },
  };
}

function encodeInPieces(text: string, stream: TextStream): number[] {
  const ids: number[] = [];
  for (const piece of windowsOf(text, stream)) for (const id of piece) ids.push(id);
  return ids;
}

/** The tokens of a whole text, in pieces. */
function* windowsOf(text: string, stream: TextStream): Generator<readonly number[]> {
  yield* stream.push(text);
  yield stream.finish();
}

/** Only the settings that the library reads reach it, each of the type it expects. */
function openPipeline({ json }: TokenizerDefinition, config: JsonObject): Pipeline {
  const settings = {
    // transformers ≥ 4.45 doesn't clean up unless told to.
    clean_up_tokenization_spaces: config.clean_up_tokenization_spaces === true,
    do_lowercase_and_remove_accent: config.do_lowercase_and_remove_accent === true,
    remove_space: config.remove_space === true,
    additional_special_tokens: Array.isArray(config.additional_special_tokens)
      ? config.additional_special_tokens.filter((token) => typeof token === 'string')
      : [],
  };
  return guarded('read', () => new Pipeline(json, settings));
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

function parsed(name: string, text: string | JsonObject): unknown {
  if (typeof text !== 'string') return text;
  try {
    return parseJson(text);
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

function invalid(message: string, cause?: unknown): WebVeraError {
  return new WebVeraError('invalid_format', message, {
    hint: "Is this the tokenizer that belongs to the model, in Hugging Face's format?",
    cause,
  });
}
