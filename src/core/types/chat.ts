import { wrong } from '../errors/wrong';
import { isJsonObject } from '../input/fields';
import type { ErrorData } from './wire';

/** One turn of a conversation, as transformers has it. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | (string & {});
  readonly content: string;
}

/** A tokenizer's chat template, from strangers. */
export interface ChatTemplate {
  /** In Jinja. */
  readonly source: string;
  /** What it knows by name besides the messages: bos_token, eos_token and the like. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** A conversation that is to be written out. */
export interface Chat {
  readonly messages: readonly ChatMessage[];
  /** Whether what begins an answer stands at the end. */
  readonly add_generation_prompt: boolean;
  /** Whether it is asked where the assistant's turns are. */
  readonly turns: boolean;
}

/** A conversation as one text. */
export interface RenderedChat {
  readonly text: string;
  /** Where the assistant's turns begin and end in it: those of which that is certain. */
  readonly turns: readonly (readonly [start: number, end: number])[];
  /** How many others there are. */
  readonly uncertain: number;
}

/** What comes of a conversation. It crosses from one worker to another. */
export type ChatOutcome = { readonly rendered: RenderedChat } | { readonly error: ErrorData };

/** Writes a conversation out; never rejects because of what a template does. */
export type RenderChat = (template: ChatTemplate, chat: Chat) => Promise<ChatOutcome>;

/** What a session's worker posts, to have a conversation written out elsewhere. */
export interface ChatQuestion {
  readonly webvera: 'chat';
  readonly id: number;
  readonly template: ChatTemplate;
  readonly chat: Chat;
}

/** What its page posts in answer. */
export interface ChatAnswer {
  readonly webvera: 'written';
  readonly id: number;
  readonly outcome: ChatOutcome;
}

export function isChatMessage<T extends ChatQuestion | ChatAnswer>(data: unknown, kind: T['webvera']): data is T {
  return isJsonObject(data) && data.webvera === kind;
}

/**
 * The messages of a conversation, copied: role and content. Throws `invalid_argument`; `where` says which conversation it is.
 */
export function chatMessages(where: string, value: unknown): ChatMessage[] {
  const expected = 'an array of at least one { role, content }';
  if (!Array.isArray(value) || value.length === 0) throw wrong(where, expected, value);
  return value.map((message: unknown, index) => {
    const at = `${where}[${index}]`;
    if (!isJsonObject(message)) throw wrong(at, '{ role, content }', message);
    const text = (key: string): string => {
      if (typeof message[key] === 'string') return message[key];
      throw wrong(`${at}: ${key}`, 'a string', message[key]);
    };
    if ((message.tool_calls ?? undefined) !== undefined) {
      throw wrong(at, '{ role, content }', message, 'tool_calls are not supported yet.');
    }
    return { role: text('role'), content: text('content') };
  });
}
