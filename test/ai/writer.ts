import type { TokenCounter, WritingModel } from '../../src/ai/ai_types';
import type { ChatMessage, GeneratedToken, GenerationConfig } from '../../src/index';

export interface Asked {
  readonly input: string | readonly ChatMessage[];
  readonly config: GenerationConfig;
}

/** A tokenizer with one token for each character. */
export const tokenizer: TokenCounter = {
  encode: async (text) => [...text].map((_, index) => index + 1),
  apply_chat_template: async (messages) =>
    messages.flatMap(({ role, content }) => [...role, ...content]).map((_, index) => index + 1),
};

export interface WriterOptions {
  /** Whether the text ends with an end token. Default: true. */
  readonly ends?: boolean;
  /** The number of tokens for which the model has room. */
  readonly longest?: number;
  /** Thrown after the first token. */
  readonly error?: Error;
  /** Awaited after the first token. */
  readonly hold?: () => Promise<void>;
}

/** Creates a model that generates one text, a character at a time, up to the text's end or to `max_new_tokens`. */
export function writer(text: string, { ends = true, longest = 1000, error, hold }: WriterOptions = {}) {
  const asked: Asked[] = [];
  async function* tokens({ max_new_tokens = 20, signal }: GenerationConfig): AsyncGenerator<GeneratedToken> {
    const all = [...text].map((character): GeneratedToken => ({ token_id: 7, text: character }));
    if (ends) all.push({ token_id: 0, text: '', end: 'stop' });
    const most = Math.min(max_new_tokens, longest);
    for (const [index, token] of all.slice(0, most).entries()) {
      yield index + 1 === most ? { end: 'length', ...token } : token;
      if (index > 0) continue;
      await hold?.();
      signal?.throwIfAborted();
      if (error !== undefined) throw error;
    }
  }
  const model: WritingModel = {
    generate(input, config = {}) {
      asked.push({ input, config });
      return tokens(config);
    },
    tokenizer,
  };
  return { model, asked };
}
