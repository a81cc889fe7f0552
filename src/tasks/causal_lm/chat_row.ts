import type { ChatMessage } from '../../core/chat';
import { WebVeraError } from '../../core/error';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { IGNORED, type TokenRow, textRow } from './token_row';

export interface ChatRow {
  readonly row: TokenRow;
  /** How many of the assistant's turns aren't learned, as it isn't certain where they are. */
  readonly uncertain: number;
}

/**
 * A conversation as its template writes it. Learned are the assistant's turns, or all of it. A turn begins with the first token
 * that what comes before alone hasn't: tokens may go over its edge.
 *
 * Throws `invalid_argument` where it can't be told which tokens are the assistant's, and what writing it out throws.
 */
export async function chatRow(
  messages: readonly ChatMessage[],
  tokenizer: TextTokenizer,
  assistantOnly: boolean,
): Promise<ChatRow> {
  const chat = { messages, add_generation_prompt: false, turns: assistantOnly };
  const { text, turns, uncertain } = await tokenizer.renderChat(chat);
  const encode = (part: string): number[] => tokenizer.encode(part, { add_special_tokens: false });
  const row = { ...textRow(encode(text)), isClosed: true };
  if (!assistantOnly) return { row, uncertain: 0 };
  if (turns.length === 0 && uncertain > 0) throw unclear();
  const { input_ids, labels } = row;
  labels.fill(IGNORED);
  const tokensIn = (length: number): number =>
    length === text.length ? input_ids.length : sharedLength(input_ids, encode(text.slice(0, length)));
  for (const [start, end] of turns) {
    const [from, to] = [tokensIn(start), tokensIn(end)];
    if (from < to) labels.set(input_ids.subarray(from, to), from);
  }
  return { row, uncertain };
}

function sharedLength(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}

function unclear(): WebVeraError {
  const message = "expected a chat template that leaves the assistant's turns as they are, got one that rewrites them";
  return new WebVeraError('invalid_argument', message, {
    hint: 'completion_only_loss: false learns all of a conversation; { prompt, completion } says what is learnt.',
  });
}
