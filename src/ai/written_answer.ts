import type { ChatMessage, GenerationConfig } from '../index';
import type { AiFinishReason, AiUsage, TokenCounter, WritingModel } from './ai_types';
import { StopSequences } from './stop_sequences';

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
    for await (const { token_id, text } of model.generate(input, config)) {
      this.#tokens += 1;
      this.#lastId = token_id;
      const piece = this.#stops.push(text);
      if (piece !== '') yield piece;
    }
    config.signal?.throwIfAborted();
    const rest = this.#stops.finish();
    if (rest !== '') yield rest;
  }

  /** Returns the usage and finish reason of an answer that has ended. */
  async figures(): Promise<{ readonly usage: AiUsage; readonly finishReason: AiFinishReason }> {
    const asked = await this.#inputTokens();
    return { usage: this.#usage(asked), finishReason: { unified: this.#finishReason(asked), raw: undefined } };
  }

  /** Returns the usage and finish reason of an answer that failed. */
  failed(): { readonly usage: AiUsage; readonly finishReason: AiFinishReason } {
    return { usage: this.#usage(undefined), finishReason: { unified: 'error', raw: undefined } };
  }

  #usage(asked: number | undefined): AiUsage {
    const written = this.#tokens;
    return {
      inputTokens: { total: asked, noCache: asked, cacheRead: undefined, cacheWrite: undefined },
      outputTokens: { total: written, text: written, reasoning: undefined },
    };
  }

  async #inputTokens(): Promise<number | undefined> {
    const { tokenizer, input } = this.#options;
    if (tokenizer === undefined) return undefined;
    const ids =
      typeof input === 'string'
        ? await tokenizer.encode(input)
        : await tokenizer.apply_chat_template(input, { add_generation_prompt: true });
    return ids.length;
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
