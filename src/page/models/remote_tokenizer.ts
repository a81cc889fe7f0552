import { plainNumbers } from '../../core/numbers/numbers';
import { type ChatMessage, chatMessages } from '../../core/types/chat';
import type { Handle, TokenizerInfo } from '../../worker/protocol';
import type { Link } from '../rpc/link';
import { RemoteHandle } from '../rpc/remote_handle';
import { asyncDispose } from '../session/dispose';
import { checkOptions, wrong } from '../session/options';
import { anyBoolean } from '../session/rules';

/** A model's tokenizer. It runs in the session, so its methods are asynchronous. */
export interface Tokenizer extends AsyncDisposable {
  /** Resolves with the token ids of a text. `add_special_tokens` (default: true) adds the special tokens by the tokenizer's own rules. */
  encode(text: string, options?: { add_special_tokens?: boolean }): Promise<number[]>;
  /** Resolves with the text of token ids. `skip_special_tokens` (default: false) leaves out special tokens such as BOS and EOS. */
  decode(ids: readonly number[], options?: { skip_special_tokens?: boolean }): Promise<string>;
  /**
   * Renders a conversation with the model's chat template. Resolves with its token ids, or with its text if `tokenize` is false (default:
   * true, as in transformers). `add_generation_prompt` (default: false) appends the beginning of an answer. The template is read from
   * chat_template.jinja, or else from tokenizer_config.json. It can only produce text: it runs in a separate worker, and is limited to two
   * seconds and a million characters.
   *
   * Rejects with `invalid_argument` if the tokenizer has no template, or the template refuses the messages; `invalid_format` if the
   * template is invalid or fails; `limit_exceeded` and `timeout` if it exceeds these limits.
   */
  apply_chat_template(
    messages: readonly ChatMessage[],
    options: { add_generation_prompt?: boolean; tokenize: false },
  ): Promise<string>;
  apply_chat_template(
    messages: readonly ChatMessage[],
    options?: { add_generation_prompt?: boolean; tokenize?: true },
  ): Promise<number[]>;
  apply_chat_template(
    messages: readonly ChatMessage[],
    options?: { add_generation_prompt?: boolean; tokenize?: boolean },
  ): Promise<string | number[]>;
  readonly vocab_size: number;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;
  /** Frees a tokenizer that `AutoTokenizer` loaded. A tokenizer that belongs to a model is freed only with the model. */
  dispose(): Promise<void>;
}

export class RemoteTokenizer implements Tokenizer {
  /** @internal The class's name in error messages. Minifiers rename classes, but don't change this string. */
  static readonly name = 'Tokenizer';

  readonly #link: Link;
  readonly #belongsToModel: boolean;
  #isDisposed = false;
  /** @internal */
  readonly place: RemoteHandle;
  readonly vocab_size: number;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;

  constructor(link: Link, info: TokenizerInfo, belongsToModel: boolean) {
    this.#link = link;
    this.#belongsToModel = belongsToModel;
    this.place = new RemoteHandle(link, info.tokenizer, 'worker');
    this.vocab_size = info.vocab_size;
    this.bos_token_id = info.bos_token_id;
    this.eos_token_id = info.eos_token_id;
    this.pad_token_id = info.pad_token_id;
  }

  async encode(text: string, options: { add_special_tokens?: boolean } = {}): Promise<number[]> {
    checkOptions('encode', options, { add_special_tokens: anyBoolean });
    if (typeof text !== 'string') {
      const hint = Array.isArray(text)
        ? 'Texts are encoded one by one: texts.map((text) => tokenizer.encode(text)).'
        : '';
      throw wrong('encode: text', 'a string', text, hint);
    }
    const { add_special_tokens = true } = options;
    return this.#link.request('encode', this.#handle, text, { add_special_tokens });
  }

  async decode(ids: readonly number[], options: { skip_special_tokens?: boolean } = {}): Promise<string> {
    checkOptions('decode', options, { skip_special_tokens: anyBoolean });
    const { skip_special_tokens = false } = options;
    return this.#link.request('decode', this.#handle, plainIds('decode: ids', ids), { skip_special_tokens });
  }

  apply_chat_template(
    messages: readonly ChatMessage[],
    options: { add_generation_prompt?: boolean; tokenize: false },
  ): Promise<string>;
  apply_chat_template(
    messages: readonly ChatMessage[],
    options?: { add_generation_prompt?: boolean; tokenize?: true },
  ): Promise<number[]>;
  apply_chat_template(
    messages: readonly ChatMessage[],
    options?: { add_generation_prompt?: boolean; tokenize?: boolean },
  ): Promise<string | number[]>;
  async apply_chat_template(
    messages: readonly ChatMessage[],
    options: { add_generation_prompt?: boolean; tokenize?: boolean } = {},
  ): Promise<string | number[]> {
    checkOptions('apply_chat_template', options, { add_generation_prompt: anyBoolean, tokenize: anyBoolean });
    const { add_generation_prompt = false, tokenize = true } = options;
    const plain = chatMessages('apply_chat_template: messages', messages);
    return this.#link.request('applyChatTemplate', this.#handle, plain, { add_generation_prompt, tokenize });
  }

  async dispose(): Promise<void> {
    if (this.#belongsToModel || this.#isDisposed) return;
    this.#isDisposed = true;
    if (this.#link.state === 'closed' || this.place.loss !== undefined) return;
    await this.#link.request('disposeTokenizer', this.place.handle);
  }

  [asyncDispose](): Promise<void> {
    return this.dispose();
  }

  get #handle(): Handle {
    if (!this.#isDisposed) return this.place.handle;
    throw wrong('Tokenizer', 'a live tokenizer', 'one that is disposed of', 'Load it again.');
  }
}

/** Returns token ids as an array of integers, 0 or above. Throws `invalid_argument` for other values. */
export function plainIds(what: string, ids: unknown): number[] {
  const list = plainNumbers(ids);
  if (list === undefined) throw wrong(what, 'an array of token ids', ids);
  const odd = list.findIndex((id) => !Number.isSafeInteger(id) || (id as number) < 0);
  if (odd >= 0) throw wrong(`${what}[${odd}]`, 'an integer from 0', list[odd]);
  return list as number[];
}
