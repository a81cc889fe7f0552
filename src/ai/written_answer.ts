import type { ChatMessage, GenerationConfig } from '../index';
import type { AiFinishReason, AiUsage, TokenCounter, WritingModel } from './ai_types';
import { beginningAtEnd, StopSequences } from './stop_sequences';

/** The maximum length in tokens of all models in webvera: `LONGEST` of `models/config_fields.ts`. */
const LONGEST = 8192;

interface AnswerOptions {
  readonly model: WritingModel;
  readonly tokenizer: TokenCounter | undefined;
  readonly input: string | readonly ChatMessage[];
  readonly config: GenerationConfig;
}

/** One answer of a model: first its text in pieces, without stop sequences, then its usage and finish reason. */
export class WrittenAnswer {
  readonly #options: AnswerOptions;
  readonly #stops: StopSequences;
  #tokens = 0;
  #lastId = -1;

  constructor(options: AnswerOptions) {
    this.#options = options;
    this.#stops = new StopSequences(options.config.stop_strings ?? []);
  }

  /** Yields the pieces of the text. Rejects like `generate`, also if the signal is aborted. */
  async *pieces(): AsyncGenerator<string> {
    const { model, input, config } = this.#options;
    const stopped = new AbortController();
    const signal = AbortSignal.any([stopped.signal, config.signal].filter((each) => each !== undefined));
    const watched = await this.#watched(config.stop_strings);
    for await (const { token_id, text } of model.generate(input, { ...config, ...watched, signal })) {
      this.#tokens += 1;
      this.#lastId = token_id;
      const piece = this.#stops.push(text);
      if (piece !== '') yield piece;
      if (this.#stops.isFound) break;
    }
    if (this.#stops.isFound) stopped.abort();
    config.signal?.throwIfAborted();
    const rest = this.#stops.finish();
    if (rest !== '') yield rest;
  }

  /** Returns the usage and finish reason of an answer that has ended. A prompt whose tokens can't be counted must not lose the answer. */
  async figures(): Promise<{ readonly usage: AiUsage; readonly finishReason: AiFinishReason }> {
    const asked = await this.#inputTokens().catch(() => undefined);
    return { usage: this.#usage(asked), finishReason: { unified: this.#finishReason(asked), raw: undefined } };
  }

  /** Returns the usage and finish reason of an answer that failed. */
  failed(): { readonly usage: AiUsage; readonly finishReason: AiFinishReason } {
    return { usage: this.#usage(undefined), finishReason: { unified: 'error', raw: undefined } };
  }

  /**
   * Returns the stop strings for `generate`, which finds them in special tokens, too. But `generate` also stops at a string that begins in
   * the prompt. Strings that may begin there are left to `StopSequences`, which reads only the answer.
   */
  async #watched(strings: GenerationConfig['stop_strings']): Promise<Pick<GenerationConfig, 'stop_strings'>> {
    if (!Array.isArray(strings) || strings.length === 0) return {};
    const prompt = await this.#prompt();
    return { stop_strings: strings.filter((string) => beginningAtEnd(prompt, String(string)) === 0) };
  }

  /** Resolves with the text of the prompt; '' for a conversation whose tokenizer has no `decode`. */
  async #prompt(): Promise<string> {
    const { tokenizer, input } = this.#options;
    if (typeof input === 'string') return input;
    return (await tokenizer?.decode?.(await this.#ids(tokenizer))) ?? '';
  }

  #usage(asked: number | undefined): AiUsage {
    const written = this.#tokens;
    return {
      inputTokens: { total: asked, noCache: asked, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: written, text: written, reasoning: undefined },
    };
  }

  async #inputTokens(): Promise<number | undefined> {
    const { tokenizer } = this.#options;
    return tokenizer && (await this.#ids(tokenizer)).length;
  }

  /** Resolves with the prompt's token ids. */
  #ids(tokenizer: TokenCounter): Promise<readonly number[]> {
    const { input } = this.#options;
    if (typeof input === 'string') return tokenizer.encode(input);
    return tokenizer.apply_chat_template(input, { add_generation_prompt: true });
  }

  #finishReason(asked: number | undefined): 'stop' | 'length' {
    const { max_new_tokens = Number.POSITIVE_INFINITY } = this.#options.config;
    if (this.#stops.isFound || this.#endIds().includes(this.#lastId)) return 'stop';
    const { max_position_embeddings, n_positions } = this.#options.model.config ?? {};
    const longest = Math.min(Number(max_position_embeddings ?? n_positions ?? LONGEST), LONGEST);
    const isFull = asked !== undefined && asked + this.#tokens >= longest;
    return this.#tokens >= max_new_tokens || isFull ? 'length' : 'stop';
  }

  /** Returns the ids of tokens that end a text. */
  #endIds(): readonly unknown[] {
    const { model, tokenizer } = this.#options;
    return [model.config?.eos_token_id, tokenizer?.eos_token_id].flat();
  }
}
