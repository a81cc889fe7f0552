import { ChatWriter } from '../../src/chat/chat_writer';
import type { Chat, ChatMessage, ChatOutcome } from '../../src/core/types/chat';

export const hello: readonly ChatMessage[] = [{ role: 'user', content: 'Hello' }];

export function chatOf(messages: readonly ChatMessage[], changes: Partial<Chat> = {}): Chat {
  return { messages, add_generation_prompt: false, turns: false, ...changes };
}

/** Returns the rendered text of a conversation, or the error as data. */
export function textOf(outcome: ChatOutcome): unknown {
  return 'rendered' in outcome ? outcome.rendered.text : outcome.error;
}

/** Renders messages with a template. Returns the text, or the error as data. */
export function rendered(source: string, messages = hello): unknown {
  return textOf(new ChatWriter().render({ source, tokens: {} }, chatOf(messages)));
}
