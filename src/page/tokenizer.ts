import { plainNumbers } from '../core/numbers';
import type { TokenizerInfo } from '../worker/protocol';
import type { Link } from './link';
import { anyBoolean, checkOptions, wrong } from './options';
import { Place } from './place';

/** A model's tokenizer. It runs in the session, so its methods are asynchronous. */
export interface Tokenizer {
  /** Token ids of a text. `add_special_tokens` (true) puts in what the tokenizer's own rules add. */
  encode(text: string, options?: { add_special_tokens?: boolean }): Promise<number[]>;
  /** The text of token ids. `skip_special_tokens` (false) leaves out BOS, EOS and the like. */
  decode(ids: readonly number[], options?: { skip_special_tokens?: boolean }): Promise<string>;
  readonly vocab_size: number;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;
}

export class RemoteTokenizer implements Tokenizer {
  /** @internal Its name in messages, which minifiers leave. */
  static readonly name = 'Tokenizer';

  readonly #link: Link;
  /** @internal */
  readonly place: Place;
  readonly vocab_size: number;
  readonly bos_token_id: number | null;
  readonly eos_token_id: number | null;
  readonly pad_token_id: number | null;

  constructor(link: Link, info: TokenizerInfo) {
    this.#link = link;
    this.place = new Place(link, info.tokenizer, 'worker');
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
    return this.#link.request('encode', this.place.handle, text, { add_special_tokens });
  }

  async decode(ids: readonly number[], options: { skip_special_tokens?: boolean } = {}): Promise<string> {
    checkOptions('decode', options, { skip_special_tokens: anyBoolean });
    const { skip_special_tokens = false } = options;
    return this.#link.request('decode', this.place.handle, plainIds('decode: ids', ids), { skip_special_tokens });
  }
}

/** Token ids as an array of integers from 0. */
export function plainIds(what: string, ids: unknown): number[] {
  const list = plainNumbers(ids);
  if (list === undefined) throw wrong(what, 'an array of token ids', ids);
  const odd = list.findIndex((id) => !Number.isSafeInteger(id) || (id as number) < 0);
  if (odd >= 0) throw wrong(`${what}[${odd}]`, 'an integer from 0', list[odd]);
  return list as number[];
}
