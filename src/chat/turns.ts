import { WebVeraError } from '../core/errors/error';
import type { ChatMessage, RenderedChat } from '../core/types/chat';

/** A private-use character, which no language uses. It is rendered in place of an answer, to find the answer's position in the text. */
const NEVER_SAID = '\uf8ff';

type Write = (messages: readonly ChatMessage[], add_generation_prompt: boolean) => string;

/** A rendered conversation. */
export interface Written {
  readonly messages: readonly ChatMessage[];
  /** The text of all messages. */
  readonly text: string;
  /** The end token, which some templates write only at the end of a conversation, and not after an earlier turn. */
  readonly eos: string | undefined;
  readonly write: Write;
}

/**
 * Finds the assistant's turns in a rendered conversation. Templates don't mark the turns, so parts of the conversation are rendered
 * separately: a turn starts after the text of all messages before it with a generation prompt, and ends with the text of all messages up to
 * this one. Some templates render a turn differently when more messages follow; such turns count as uncertain. Turns after the first
 * `reach` characters are left out.
 */
export function assistantTurns(
  written: Written,
  reach = Number.POSITIVE_INFINITY,
): Pick<RenderedChat, 'turns' | 'uncertain'> {
  const turns: (readonly [number, number])[] = [];
  let uncertain = 0;
  for (const [index, { role }] of written.messages.entries()) {
    if (role !== 'assistant') continue;
    const asked = endOf(index, true, written);
    if (asked !== undefined && asked > reach) break;
    const turn = turnAt(index, asked, written);
    if (turn === undefined) uncertain += 1;
    else turns.push(turn);
  }
  return { turns, uncertain };
}

/** `asked` is where the generation prompt for the turn ends, if it is known. */
function turnAt(index: number, asked: number | undefined, written: Written): readonly [number, number] | undefined {
  const { messages, text } = written;
  const end = index === messages.length - 1 ? text.length : endOf(index + 1, false, written);
  if (end === undefined) return undefined;
  // Some templates write a question only once it is answered, so `asked` may lie before the question.
  const start = asked !== undefined && hasQuestion(index, asked, written) ? asked : startOfContent(index, written);
  return start === undefined || start > end ? undefined : [start, end];
}

/**
 * Whether the first `length` characters of the text contain the message before the turn. Also true if the whole text doesn't contain that
 * message, because the template changes it.
 */
function hasQuestion(index: number, length: number, { messages, text }: Written): boolean {
  const question = messages[index - 1]?.content.trim() ?? '';
  return text.slice(0, length).includes(question) || !text.includes(question);
}

/**
 * Returns where the first `count` messages end in the text; undefined if the text doesn't begin with the separate rendering of these
 * messages. That rendering may end with an `eos` that the whole text doesn't have at that position.
 */
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
 * Returns where the content of a turn begins. The function renders the conversation again with a placeholder as this turn's content;
 * returns undefined unless the text before and after the content is unchanged. This is needed for templates whose generation prompt differs
 * from the beginning of an earlier answer, or that move the system message into the last question.
 */
function startOfContent(index: number, { messages, text, write }: Written): number | undefined {
  if (text.includes(NEVER_SAID)) return undefined;
  const role = 'assistant';
  const other = attempt(() => write(messages.with(index, { ...messages[index], role, content: NEVER_SAID }), false));
  const [before, after, ...more] = other?.split(NEVER_SAID) ?? [];
  const isOnce = before !== undefined && after !== undefined && more.length === 0;
  return isOnce && text.startsWith(before) && text.endsWith(after) ? before.length : undefined;
}

/** Renders messages. Returns undefined if the template rejects them or fails. Throws if the template takes too much work. */
function attempt(write: () => string): string | undefined {
  try {
    return write();
  } catch (error) {
    if (error instanceof WebVeraError && /^invalid_/.test(error.code)) return undefined;
    throw error;
  }
}
