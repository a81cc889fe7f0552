import { WebVeraError } from '../../core/errors/error';
import { type ChatMessage, promptMessages } from '../../core/types/chat';
import { wrong } from '../session/options';
import { isObject, type Rule } from '../session/rules';

/** The expected type of inputs or outputs. Only texts are supported. */
export interface LanguageModelExpected {
  readonly type: 'text';
  /** Ignored: a model can only write the languages that it was trained on. */
  readonly languages?: readonly string[];
}

/** A part of a message. */
export interface LanguageModelMessageContent {
  readonly type: 'text';
  readonly value: string;
}

/** A message of a conversation. Its text may be given in parts, which are joined. */
export interface LanguageModelMessage extends Omit<ChatMessage, 'content'> {
  readonly content: string | readonly LanguageModelMessageContent[];
}

/** A text, which means a single message of the user, or a list of messages. */
export type LanguageModelPrompt = string | readonly LanguageModelMessage[];

const ONLY_TEXTS = 'Only texts are supported.';

export const expectedTexts: Rule = {
  expected: "[{ type: 'text', languages }], or without languages",
  accepts: (value) =>
    Array.isArray(value) &&
    value.every((one) => isText(one) && Object.keys(one).every((key) => key === 'type' || key === 'languages')),
  hint: () => ONLY_TEXTS,
};

function isText(value: unknown): value is { readonly type: 'text'; readonly value?: unknown } {
  return isObject(value) && 'type' in value && value.type === 'text';
}

/** Returns the messages of a prompt, each with its text in one piece. Throws `invalid_argument` for other parts than texts. */
export function messagesOf(where: string, prompt: unknown): ChatMessage[] {
  if (typeof prompt === 'string') return promptMessages(where, [{ role: 'user', content: prompt }]);
  if (!Array.isArray(prompt)) return promptMessages(where, prompt);
  const joined = prompt.map((message: unknown, index) => {
    if (!isObject(message) || !('content' in message) || !Array.isArray(message.content)) return message;
    return { ...message, content: message.content.map((part) => textOf(`${where}[${index}]: content`, part)).join('') };
  });
  return promptMessages(where, joined);
}

/** Joins neighbouring messages of the same role into one, because some models' chat templates reject them. */
export function joinedTurns(messages: readonly ChatMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = [];
  for (const message of messages) {
    const last = turns.at(-1);
    const isPlain = message.role !== 'tool' && Object.keys({ ...last, ...message }).length === 2;
    if (last?.role !== message.role || !isPlain) turns.push(message);
    else turns.splice(-1, 1, { ...last, content: `${last.content}\n\n${message.content}` });
  }
  return turns;
}

/** Removes the oldest prompts and their answers from a conversation: at least one, and about `length` characters. */
export function withoutOldest(messages: readonly ChatMessage[], length: number): readonly ChatMessage[] {
  let left = length;
  const next = messages.findIndex(({ role, content }, index) => {
    const isNext = index > 0 && left <= 0 && role === 'user';
    left -= content.length;
    return isNext;
  });
  return next < 0 ? [] : messages.slice(next);
}

/** Returns the share of a conversation that is too much, if it was refused because it is too long; else 0. */
export function surplusOf(error: unknown): number {
  if (!(error instanceof WebVeraError)) return 0;
  // The text of the chat template is too long to be encoded, so the number of its tokens isn't known.
  if (error.code === 'limit_exceeded') return 0.5;
  const { tokens, max_tokens } = error.detail;
  return Math.max(0, 1 - Number(max_tokens) / Number(tokens)) || 0;
}

function textOf(where: string, part: unknown): string {
  if (isText(part) && typeof part.value === 'string') return part.value;
  throw wrong(where, "a text or parts of the form { type: 'text', value }", part, ONLY_TEXTS);
}

/** Reports a download that has ended to a monitor, with the events that browsers send for a model on the device. */
export function reportLoaded(monitor: (events: EventTarget) => void): void {
  const events = new EventTarget();
  monitor(events);
  for (const loaded of [0, 1]) events.dispatchEvent(Object.assign(new Event('downloadprogress'), { loaded, total: 1 }));
}
