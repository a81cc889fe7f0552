import type { ChatMessage, GenerationConfig } from '../index';
import type { AiFinishReason, AiUsage, TokenCounter, WritingModel } from './ai_types';
import { beginningAtEnd, StopSequences } from './stop_sequences';

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
  #end: AiFinishReason['unified'] = 'stop';

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
    for await (const { text, end } of model.generate(input, { ...config, ...watched, signal })) {
      this.#tokens += 1;
      // `end` is undefined if the caller's own `WritingModel` doesn't set it.
      this.#end = end ?? (this.#tokens >= (config.max_new_tokens ?? Infinity) ? 'length' : 'stop');
      const piece = this.#stops.push(text);
      if (piece !== '') yield piece;
      if (this.#stops.isFound) break;
    }
    if (this.#stops.isFound) {
      this.#end = 'stop';
      stopped.abort();
    }
    config.signal?.throwIfAborted();
    const rest = this.#stops.finish();
    if (rest !== '') yield rest;
  }

  /**
   * Returns the usage and finish reason of an answer that has ended. If the prompt's tokens can't be counted, `usage` omits them instead of
   * failing the call.
   */
  async figures(): Promise<{ readonly usage: AiUsage; readonly finishReason: AiFinishReason }> {
    const asked = await this.#inputTokens().catch(() => undefined);
    return { usage: this.#usage(asked), finishReason: { unified: this.#end, raw: undefined } };
  }

  /** Returns the usage and finish reason of an answer that failed. */
  failed(): { readonly usage: AiUsage; readonly finishReason: AiFinishReason } {
    return { usage: this.#usage(undefined), finishReason: { unified: 'error', raw: undefined } };
  }

  /**
   * Returns the stop strings to pass to `generate`, which also finds them in special tokens. `generate` would also stop at a string that
   * begins at the end of the prompt, so such strings are omitted here: `StopSequences`, which reads only the answer, finds them.
   */
  async #watched(strings: GenerationConfig['stop_strings']): Promise<Pick<GenerationConfig, 'stop_strings'>> {
    if (!Array.isArray(strings) || strings.length === 0) return {};
    const prompt = await this.#prompt().catch(() => ''); // `generate` reports an error of the messages
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
}
