import { type ChatMessage, type GenerationConfig, WebVeraError } from '../index';
import type { AiCallOptions, AiMessage, AiWarning } from './ai_types';

/** Converts the settings of an AI SDK call to a `GenerationConfig`. */
export function generationConfig(options: AiCallOptions, defaultTokens: number): GenerationConfig {
  const { temperature, topK, topP, seed, stopSequences = [], maxOutputTokens, providerOptions } = options;
  const isAsked = temperature !== undefined || topK !== undefined || topP !== undefined;
  const own = (providerOptions?.webvera ?? {}) as GenerationConfig;
  // With a temperature or a top-p of 0, the most probable token is always chosen.
  const do_sample = isAsked ? temperature !== 0 && topP !== 0 : (own.do_sample ?? false);
  // Callers of the AI SDK expect different texts from sampled calls without a seed, so these calls get a random one.
  const chosenSeed = seed ?? own.seed ?? (do_sample ? Math.floor(Math.random() * 2 ** 32) : undefined);
  return {
    // The model's `generate` checks the names and values of these fields.
    ...own,
    max_new_tokens: maxOutputTokens ?? own.max_new_tokens ?? defaultTokens,
    do_sample,
    ...(temperature !== undefined && temperature !== 0 && { temperature }),
    ...(topK !== undefined && { top_k: topK }),
    ...(topP !== undefined && topP !== 0 && { top_p: topP }),
    ...(chosenSeed !== undefined && { seed: chosenSeed }),
    ...(stopSequences.length > 0 && { stop_strings: stopSequences }),
  };
}

/** Returns a warning for each setting of a call that the model doesn't support. */
export function unsupportedSettings(options: AiCallOptions): AiWarning[] {
  const { presencePenalty, frequencyPenalty, responseFormat, tools = [], toolChoice, reasoning } = options;
  const penalty = 'Use providerOptions: { webvera: { repetition_penalty } }.';
  const found: readonly (AiWarning | false)[] = [
    (presencePenalty ?? 0) !== 0 && unsupported('presencePenalty', penalty),
    (frequencyPenalty ?? 0) !== 0 && unsupported('frequencyPenalty', penalty),
    responseFormat?.type === 'json' && unsupported('responseFormat', 'The model is not held to JSON or to a schema.'),
    tools.length > 0 && unsupported('tools', 'The model is not told about tools.'),
    toolChoice !== undefined && toolChoice.type !== 'auto' && unsupported('toolChoice'),
    !['provider-default', 'none'].includes(reasoning ?? 'none') && unsupported('reasoning'),
  ];
  return found.filter((warning) => warning !== false);
}

export function unsupported(feature: string, details?: string): AiWarning {
  return { type: 'unsupported', feature, ...(details !== undefined && { details }) };
}

/** Returns the messages of a prompt, without reasoning. Throws `invalid_argument` for files, tools and other parts that aren't text. */
export function messagesOf(prompt: readonly AiMessage[]): ChatMessage[] {
  return prompt.map(({ role, content }) => {
    if (typeof content === 'string') return { role, content };
    const parts = content.filter(({ type }) => type !== 'reasoning');
    const other = parts.find(({ type }) => type !== 'text');
    if (other !== undefined || role === 'tool') throw notText(role, other?.type ?? 'tool');
    return { role, content: parts.map(({ text = '' }) => text).join('') };
  });
}

/** Joins neighbouring messages of the same role into one, because some models' chat templates reject them. */
export function mergedMessages(messages: readonly ChatMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = [];
  for (const { role, content } of messages) {
    const last = turns.at(-1);
    if (last?.role === role) turns.splice(-1, 1, { role, content: `${last.content}\n\n${content}` });
    else turns.push({ role, content });
  }
  return turns;
}

/** Returns the text for a model to continue. Throws `invalid_argument` unless the prompt is one message of the user. */
export function textOf(messages: readonly ChatMessage[]): string {
  const [first, ...others] = messages;
  if (first?.role === 'user' && others.length === 0) return first.content;
  const roles = messages.map(({ role }) => role).join(', ');
  throw new WebVeraError('invalid_argument', `prompt: expected one message of the user, got messages of ${roles}`, {
    hint: 'With chat: false the model continues one text: use `prompt`, without `messages`, `system` or `instructions`.',
  });
}

function notText(role: string, type: string): WebVeraError {
  return new WebVeraError('invalid_argument', `prompt: expected texts, got a part '${type}' of the role '${role}'`, {
    hint: 'Models here read texts alone, without files and tools.',
  });
}
