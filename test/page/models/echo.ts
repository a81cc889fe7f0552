import { WebVeraError } from '../../../src/core/errors/error';
import type { ChatMessage } from '../../../src/core/types/chat';
import type { GeneratedToken, GenerationConfig } from '../../../src/core/types/generation';
import type { AnsweringModel } from '../../../src/page/models/language_model';
import { type Generation, resolveGenerationConfig } from '../../../src/page/models/remote_generation';

interface Asked {
  readonly messages: readonly ChatMessage[];
  readonly config: GenerationConfig;
}

interface EchoOptions {
  /** Delays the second token. */
  readonly hold?: () => Promise<void>;
  /** The largest number of messages that the model takes. It takes one fewer if there must be room for an answer. */
  readonly longest?: number;
}

/** A model that answers with the number of messages, in two tokens. */
export function echo({ hold = async () => {}, longest = 100 }: EchoOptions = {}) {
  const asked: Asked[] = [];
  async function* tokens(messages: readonly ChatMessage[], config: GenerationConfig): AsyncGenerator<GeneratedToken> {
    const { signal, needs_room } = { ...config, ...resolveGenerationConfig(config) };
    const detail = { tokens: messages.length, max_tokens: needs_room ? longest - 1 : longest };
    if (detail.tokens > detail.max_tokens) throw new WebVeraError('invalid_argument', 'too long', { detail });
    yield { token_id: 1, text: `${messages.length} ` };
    await hold();
    signal?.throwIfAborted();
    yield { token_id: 2, text: 'messages' };
  }
  const model: AnsweringModel = {
    generate(messages, config = {}) {
      asked.push({ messages, config });
      const iterable = tokens(messages, config);
      return { [Symbol.asyncIterator]: () => iterable } as unknown as Generation;
    },
  };
  return { model, asked };
}

export const system = { role: 'system', content: 'Be brief.' };
export const user = (content: string): ChatMessage => ({ role: 'user', content });
export const assistant = (content: string): ChatMessage => ({ role: 'assistant', content });
