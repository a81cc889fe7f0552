import type { Breather } from '../core/async/breather';
import { WebVeraError } from '../core/errors/error';
import { isJsonObject, type JsonObject } from '../core/input/fields';
import { parseJson } from '../core/input/nesting';
import type { Chat, ChatTemplate, RenderChat, RenderedChat } from '../core/types/chat';
import { readChatTemplate, renderChat } from './chat_template';
import { checkTokenizer, type TokenizerDefinition } from './definition';
import { type EncodedPair, encodedPair, tokenSource } from './encoded_pair';
import { Pipeline, type RawIds } from './pipeline';
import { type Layout, readLayout, specialTokensAround } from './post_processor';
import { namedTokens, specialToken } from './special_tokens';
import { TextStream } from './streaming/text_stream';
import type { ReplaceStages } from './vocabulary/configured_stages';

/** The longest text that is encoded in one piece, in characters. */
const ONE_PIECE = 2 ** 17;

interface EncodeOptions {
  /** Whether to add the special tokens that the tokenizer's post-processor puts around a text. Default: true. */
  readonly add_special_tokens?: boolean;
}

export interface DecodeOptions {
  /** Default: false. */
  readonly skip_special_tokens?: boolean;
}

interface GradualOptions extends EncodeOptions {
  /** Yields to the event loop between windows, and throws if its signal is aborted. */
  readonly breather: Breather;
  /** The largest number of tokens to return. Default: all. The text after them isn't encoded. */
  readonly most?: number | undefined;
}

interface EncodePairOptions {
  /** The largest number of tokens of a row, including special tokens. */
  readonly maxLength: number;
}

/** A tokenizer whose ids can be trusted: each is an integer in [0, the model's vocab_size). */
export interface TextTokenizer {
  /** The number of vocabulary entries without added tokens, as in Hugging Face. */
  readonly vocab_size: number;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;
  readonly eos_token: string | null;
  /** The value in tokenizer_config.json; undefined for 1e30, which files without a limit contain. */
  readonly model_max_length?: number | undefined;
  /**
   * Encodes a text. Throws `limit_exceeded` if the tokenizer's rules take too much work on the text or make it too long, and
   * `invalid_format` if the vocabulary has no token for a part of the text.
   */
  encode(text: string, options?: EncodeOptions): number[];
  /**
   * Returns the text to put before a word that is encoded alone, so that it gets the same tokens as after a space in a text. This is a
   * space if the tokenizer marks spaces but adds none before a text, such as that of RoBERTa, GPT-2 or Gemma; otherwise ''.
   */
  beforeWord(): string;
  /** Like `encode`, but in pieces, so that a long text can be cancelled and doesn't block the thread. */
  encodeGradually(text: string, options: GradualOptions): Promise<number[]>;
  /**
   * Encodes one text or two with special tokens, truncated on the right to `maxLength` tokens, as transformers does with `truncation=True`.
   * An empty `pair` counts as a second text. The longer one of two texts is truncated first. Long texts are encoded only as far as needed.
   * Throws `invalid_argument` if the special tokens alone are more than `maxLength`, `invalid_format` if the tokenizer has no layout for
   * two texts, and the errors of `encode`.
   */
  encodePair(text: string, pair: string | undefined, options: EncodePairOptions): EncodedPair;
  /**
   * Decodes ids; an id without a token adds no text. Throws `invalid_argument` unless all ids are integers in [0, the model's
   * vocab_size), and `limit_exceeded` like `encode`.
   */
  decode(ids: readonly number[], options?: DecodeOptions): string;
  /** Returns the vocabulary's entry for each id; '' for an id without a token. */
  tokens(ids: readonly number[]): string[];
  /** Whether there is a chat template. Rejects with the errors of reading it. */
  hasChatTemplate(): Promise<boolean>;
  /**
   * Renders a conversation with the chat template. The template writes special tokens itself, so encode the result without adding any.
   * Rejects with `invalid_argument` if there is no template or it refuses the messages, `invalid_format` if the template isn't valid or
   * fails, `limit_exceeded` or `timeout` if it takes too much work, and with the errors of reading it.
   */
  renderChat(chat: Chat): Promise<RenderedChat>;
  /** The special tokens to put before and after a text that is encoded by `stream`. */
  readonly specialTokens: { readonly before: readonly number[]; readonly after: readonly number[] };
  /** Returns an encoder for a text that arrives in parts. It adds no special tokens. */
  stream(): TextStream;
}

interface TokenizerOptions {
  /** The number of rows of the model's embedding. All ids must be below this number. Default: 2^22. */
  readonly vocabSize?: number;
  /** Replaces stages of tokenizer.json. */
  readonly stages?: ReplaceStages | undefined;
  /** Reads the text of chat_template.jinja. Called when the template is first used. */
  readonly chatTemplate?: () => Promise<string | undefined>;
  /** Renders a conversation with a chat template. */
  readonly renderChat?: RenderChat;
}

/**
 * Creates a tokenizer from tokenizer.json and tokenizer_config.json, given as text or parsed.
 *
 * The work of the file's rules and patterns is limited: patterns take time linear in the text, and the length that rules may add is
 * bounded. Throws `invalid_format`, `limit_exceeded`.
 */
export function createTokenizer(
  tokenizerJson: string | JsonObject,
  tokenizerConfig: string | JsonObject = {},
  { vocabSize, stages, chatTemplate, renderChat: render }: TokenizerOptions = {},
): TextTokenizer {
  const definition = checkTokenizer(parsed('tokenizer.json', tokenizerJson, stages), vocabSize);
  const config = parsed('tokenizer_config.json', tokenizerConfig);
  if (!isJsonObject(config)) throw invalid('tokenizer_config.json: expected a JSON object');
  const pipeline = openPipeline(definition, config);

  const encode = (text: string, continued = false): number[] =>
    checkEncoded(
      guarded('encode', () => pipeline.encode(text, continued)),
      definition,
    );
  const tokens = { idOf: (token: string) => pipeline.token_to_id(token), idLimit: definition.idLimit };
  const single = readLayout(definition.json.post_processor, 1, tokens);
  // The layout for pairs is read only when needed, so an invalid one doesn't matter for single texts.
  let double: Layout | undefined;
  const specialTokens = specialTokensAround(single);
  const eos_token = specialToken(config, 'eos_token');
  const idOf = (token: string | null): number | null => (token === null ? null : (pipeline.token_to_id(token) ?? null));
  const stream = (): TextStream => new TextStream(encode);
  const template = async (): Promise<ChatTemplate | undefined> => readChatTemplate(config, await chatTemplate?.());

  return {
    vocab_size: definition.vocabSize,
    bos_token_id: idOf(specialToken(config, 'bos_token')),
    eos_token_id: idOf(eos_token),
    pad_token_id: idOf(specialToken(config, 'pad_token')),
    eos_token,
    model_max_length: lengthIn(config),
    specialTokens,
    stream,
    tokens: (ids) => ids.map((id) => pipeline.id_to_token(id) ?? ''),
    hasChatTemplate: async () => (await template()) !== undefined,
    renderChat: async (chat) => renderChat(await template(), render, chat),
    encode(text, { add_special_tokens = true } = {}) {
      const ids = text.length <= ONE_PIECE ? encode(text) : encodeInPieces(text, stream());
      return add_special_tokens ? [...specialTokens.before, ...ids, ...specialTokens.after] : ids;
    },
    beforeWord: spaceFinder((text) => guarded('encode', () => pipeline.encode(text, false).join())),
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
      if (pair === undefined) return encodedPair(single, [tokenSource(text, stream())], maxLength);
      double ??= readLayout(definition.json.post_processor, 2, tokens);
      return encodedPair(double, [tokenSource(text, stream()), tokenSource(pair, stream())], maxLength);
    },
    decode(ids, { skip_special_tokens = false } = {}) {
      checkDecodable(ids, definition.idLimit);
      return guarded('decode', () => pipeline.decode(ids, skip_special_tokens));
    },
  };
}

function lengthIn({ model_max_length: length }: JsonObject): number | undefined {
  return typeof length === 'number' && Number.isSafeInteger(length) && length > 0 ? length : undefined;
}

/**
 * Wraps a tokenizer so that it calls `onLong` with the length of a long text or list of ids before it encodes or decodes it, because this
 * blocks the thread.
 */
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

/** Returns the function `TextTokenizer.beforeWord`, which caches its result. `encode` returns ids, joined by commas. */
function spaceFinder(encode: (text: string) => string): () => string {
  let space: string | undefined;
  return () => {
    if (space === undefined) {
      const [alone, spaced] = [encode('a'), encode(' a')];
      space = alone !== spaced && encode('a a') === `${alone},${spaced}` ? ' ' : '';
    }
    return space;
  };
}

/** Yields the tokens of a whole text window by window. */
function* windowsOf(text: string, stream: TextStream): Generator<readonly number[]> {
  yield* stream.push(text);
  yield stream.finish();
}

/** Passes the library only the settings that it reads, each of the type that it expects. */
function openPipeline(definition: TokenizerDefinition, config: JsonObject): Pipeline {
  const settings = {
    // transformers ≥ 4.45 cleans up only if the file requests it, and since version 5 never for BPE, because cleaning up removes spaces
    // that belong to the text.
    clean_up_tokenization_spaces: config.clean_up_tokenization_spaces === true && definition.modelKind.type !== 'BPE',
    do_lowercase_and_remove_accent: config.do_lowercase_and_remove_accent === true,
    remove_space: config.remove_space === true,
  };
  return guarded('read', () => new Pipeline(definition, settings, namedTokens(config)));
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

function parsed(name: string, text: string | JsonObject, change: ReplaceStages = (json) => json): unknown {
  try {
    const json = typeof text === 'string' ? parseJson(text) : text;
    return isJsonObject(json) ? change(json) : json;
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
