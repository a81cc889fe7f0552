import { wrong } from '../errors/wrong';
import { isJsonObject } from '../input/fields';
import type { ErrorData } from './wire';

/** One message of a conversation, as in transformers. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant' | (string & {});
  readonly content: string;
  /** The author's name, which few templates write. */
  readonly name?: string;
  /**
   * The assistant's reasoning before its answer, which templates of reasoning models write. `thinking` and `reasoning` are other names of
   * this field, as in transformers. Templates can read it as `reasoning_content` or `thinking`, even if another of its names was used.
   */
  readonly reasoning_content?: string;
  readonly thinking?: string;
  readonly reasoning?: string;
}

/** A tokenizer's chat template; untrusted. */
export interface ChatTemplate {
  /** The template's source, in Jinja. */
  readonly source: string;
  /** Further variables of the template, by name: bos_token, eos_token and so on. */
  readonly tokens: Readonly<Record<string, string>>;
}

/** A conversation to render as text. */
export interface Chat {
  readonly messages: readonly ChatMessage[];
  /** Whether to add the beginning of the assistant's next turn at the end. */
  readonly add_generation_prompt: boolean;
  /** Whether to report the positions of the assistant's turns. */
  readonly turns: boolean;
  /**
   * The number of characters, from the beginning of the text, in which turns are looked for. Default: all. Looking for a turn takes longer
   * the more messages precede it.
   */
  readonly reach?: number;
  /** Whether the conversation is an example of a data set. A template that writes the current date then gets the same date every day. */
  readonly isExample?: boolean;
}

/** A conversation rendered as one text. */
export interface RenderedChat {
  readonly text: string;
  /** The start and end of each of the assistant's turns within `Chat.reach`, except for turns whose position is uncertain. */
  readonly turns: readonly (readonly [start: number, end: number])[];
  /** The number of the assistant's turns within `Chat.reach` whose position is uncertain. */
  readonly uncertain: number;
}

/** The result of rendering a conversation, as it is sent between threads. */
export type ChatOutcome = { readonly rendered: RenderedChat } | { readonly error: ErrorData };

/** Renders a conversation. If the template fails, the promise doesn't reject, but resolves with the error. */
export type RenderChat = (template: ChatTemplate, chat: Chat) => Promise<ChatOutcome>;

/** A message with which a session's worker asks the page to render a conversation. */
export interface ChatQuestion {
  readonly webvera: 'chat';
  readonly id: number;
  readonly template: ChatTemplate;
  readonly chat: Chat;
}

/** The page's answer to a `ChatQuestion`. */
export interface ChatAnswer {
  readonly webvera: 'written';
  readonly id: number;
  readonly outcome: ChatOutcome;
}

export function isChatMessage<T extends ChatQuestion | ChatAnswer>(data: unknown, kind: T['webvera']): data is T {
  return isJsonObject(data) && data.webvera === kind;
}

/** Fields of a message that templates may write, and that a message may lack. */
const OPTIONAL = ['name', 'reasoning_content', 'thinking', 'reasoning'] as const;

/**
 * Copies the fields of a conversation's messages that a template may write. `tools` is the field of that name in a data set's row.
 * Throws `invalid_argument`, also for messages with tools; `where` names the conversation in the error.
 */
export function chatMessages(where: string, value: unknown, tools?: unknown): ChatMessage[] {
  const expected = 'an array of at least one { role, content }';
  if (!Array.isArray(value) || value.length === 0) throw wrong(where, expected, value);
  if (isGiven(tools)) throw wrong(where, 'messages without tools', tools, NO_TOOLS);
  return value.map((message: unknown, index) => {
    const at = `${where}[${index}]`;
    if (!isJsonObject(message)) throw wrong(at, '{ role, content }', message);
    const text = (key: string): string => {
      if (typeof message[key] === 'string') return message[key];
      throw wrong(`${at}: ${key}`, 'a string', message[key]);
    };
    if (isGiven(message.tool_calls) || isGiven(message.tool_call_id)) {
      throw wrong(at, '{ role, content }', message, NO_TOOLS);
    }
    const others = OPTIONAL.filter((key) => isGiven(message[key])).map((key) => [key, text(key)]);
    return { role: text('role'), content: text('content'), ...Object.fromEntries(others) };
  });
}

const NO_TOOLS = 'tools, tool_calls and tool_call_id are not supported yet.';

/** Whether a field has a value. Rows of data sets often have null or an empty list where other rows have one. */
function isGiven(value: unknown): boolean {
  return (value ?? undefined) !== undefined && !(Array.isArray(value) && value.length === 0);
}

/** Like `chatMessages`, for a conversation that the model continues. Also throws `invalid_argument` for a message with `prefix: true`. */
export function promptMessages(where: string, value: unknown): ChatMessage[] {
  const messages = chatMessages(where, value);
  const begun = (value as readonly { readonly prefix?: unknown }[]).findIndex(({ prefix }) => prefix === true);
  if (begun === -1) return messages;
  throw wrong(`${where}[${begun}]`, 'no prefix', true, 'An answer can’t be begun: prefix is not supported.');
}
