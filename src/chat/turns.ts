import { WebVeraError } from '../core/errors/error';
import type { ChatMessage, RenderedChat } from '../core/types/chat';

/** A sign that belongs to no language. */
const NEVER_SAID = '\uf8ff';

type Write = (messages: readonly ChatMessage[], add_generation_prompt: boolean) => string;

export interface Written {
  readonly messages: readonly ChatMessage[];
  /** Of all messages. */
  readonly text: string;
  /** What some templates close a conversation with, and what follows a turn then isn't. */
  readonly eos: string | undefined;
  readonly write: Write;
}

/**
 * Where the assistant's turns are in a conversation that was written out: each from the end of what the model is given for
 * an answer, to the end of what the conversation is once that is there. No template tells, and some write a turn in another
 * way once others follow. So a turn counts only where that is how the text begins; of the others it isn't certain.
 */
export function assistantTurns(written: Written): Pick<RenderedChat, 'turns' | 'uncertain'> {
  const answers = [...written.messages.keys()].filter((index) => written.messages[index]?.role === 'assistant');
  const turns = answers.flatMap((index) => turnAt(index, written) ?? []);
  return { turns, uncertain: answers.length - turns.length };
}

function turnAt(index: number, written: Written): [turn: readonly [number, number]] | undefined {
  const { messages, text } = written;
  const end = index === messages.length - 1 ? text.length : endOf(index + 1, false, written);
  const asked = endOf(index, true, written);
  // A template may write a question only once it is answered.
  const start = asked !== undefined && hasQuestion(index, asked, written) ? asked : startOfContent(index, written);
  return start === undefined || end === undefined || start > end ? undefined : [[start, end]];
}

/** Whether what was said before stands before, if it stands anywhere as it is. */
function hasQuestion(index: number, length: number, { messages, text }: Written): boolean {
  const question = messages[index - 1]?.content.trim() ?? '';
  return text.slice(0, length).includes(question) || !text.includes(question);
}

/** Where the first messages end in the text, if it begins with what they are alone. */
function endOf(
  count: number,
  add_generation_prompt: boolean,
  { messages, text, eos, write }: Written,
): number | undefined {
  const alone = attempt(() => write(messages.slice(0, count), add_generation_prompt));
  if (alone === undefined) return undefined;
  if (text.startsWith(alone)) return alone.length;
  if (add_generation_prompt || eos === undefined || eos === '' || !alone.endsWith(eos) || !text.endsWith(eos))
    return undefined;
  const open = alone.slice(0, -eos.length);
  return text.startsWith(open) ? open.length : undefined;
}

/**
 * Where what was said begins in the text: where something else would stand in its place, and all around it be the same. For
 * templates that begin an answer otherwise than they write one, or that move a system message to the last question.
 */
function startOfContent(index: number, { messages, text, write }: Written): number | undefined {
  if (text.includes(NEVER_SAID)) return undefined;
  const other = attempt(() => write(messages.with(index, { role: 'assistant', content: NEVER_SAID }), false));
  const [before, after, ...more] = other?.split(NEVER_SAID) ?? [];
  const isOnce = before !== undefined && after !== undefined && more.length === 0;
  return isOnce && text.startsWith(before) && text.endsWith(after) ? before.length : undefined;
}

/** A template may refuse the beginning of a conversation. What takes too much is refused altogether. */
function attempt(write: () => string): string | undefined {
  try {
    return write();
  } catch (error) {
    if (error instanceof WebVeraError && /^invalid_/.test(error.code)) return undefined;
    throw error;
  }
}
