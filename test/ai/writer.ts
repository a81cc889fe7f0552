import type { TokenCounter, WritingModel } from '../../src/ai/ai_types';
import type { ChatMessage, GeneratedToken, GenerationConfig } from '../../src/index';

export interface Asked {
  readonly input: string | readonly ChatMessage[];
  readonly config: GenerationConfig;
}

/** A tokenizer with one token for each character. Token 0 ends a text. */
export const tokenizer: TokenCounter = {
  encode: async (text) => [...text].map((_, index) => index + 1),
  apply_chat_template: async (messages) =>
    messages.flatMap(({ role, content }) => [...role, ...content]).map((_, index) => index + 1),
  eos_token_id: 0,
};

export interface WriterOptions {
  /** Whether the text ends with the end token. Default: true. */
  readonly ends?: boolean;
  readonly longest?: number;
  /** The field of config.json that holds `longest`. */
  readonly sizeName?: string;
  /** Thrown after the first token. */
  readonly error?: Error;
  /** Awaited after the first token. */
  readonly hold?: () => Promise<void>;
}

/** Creates a model that generates one text, a character at a time, up to the text's end or to `max_new_tokens`. */
export function writer(
  text: string,
  { ends = true, longest = 1000, sizeName = 'max_position_embeddings', error, hold }: WriterOptions = {},
) {
  const asked: Asked[] = [];
  async function* tokens({ max_new_tokens = 20, signal }: GenerationConfig): AsyncGenerator<GeneratedToken> {
    const all = [...text].map((character) => ({ token_id: 7, text: character }));
    const written = [...all, ...(ends ? [{ token_id: 0, text: '' }] : [])].slice(0, max_new_tokens);
    for (const [index, token] of written.entries()) {
      yield token;
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
    config: { model_type: 'llama', [sizeName]: longest, eos_token_id: 0 },
  };
  return { model, asked };
}
