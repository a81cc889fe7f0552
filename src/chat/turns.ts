import type { ChatMessage, RenderedChat } from '../core/chat';
import { WebVeraError } from '../core/error';

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
  const start = endOf(index, true, written) ?? startOfContent(index, written);
  return start === undefined || end === undefined || start > end ? undefined : [[start, end]];
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
  if (eos === undefined || eos === '' || !alone.endsWith(eos) || !text.endsWith(eos)) return undefined;
  const open = alone.slice(0, -eos.length);
  return text.startsWith(open) ? open.length : undefined;
}

/**
 * Where the text would go on otherwise, had something else been said: for templates that begin an answer otherwise than they
 * write one, or that move a system message to the last question.
 */
function startOfContent(index: number, { messages, text, write }: Written): number | undefined {
  const said = messages[index]?.content ?? '';
  const content = said.startsWith(NEVER_SAID) ? `_${said}` : NEVER_SAID;
  const other = attempt(() => write(messages.with(index, { role: 'assistant', content }), false));
  if (other === undefined) return undefined;
  let start = 0;
  while (start < text.length && text[start] === other[start]) start++;
  return start;
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
