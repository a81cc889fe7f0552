import type { Breather } from '../../core/async/breather';
import { WebVeraError } from '../../core/errors/error';
import type { ChatMessage } from '../../core/types/chat';
import type { TextTokenizer } from '../../tokenizer/tokenizer';
import { IGNORED } from '../texts/token_labels';
import { sharedLength } from './prompts';
import { type TokenRow, textRow } from './token_row';

export interface ChatRow {
  readonly row: TokenRow;
  /** The number of assistant turns that aren't learned, because they can't be located with certainty in the rendered text. */
  readonly uncertain: number;
}

interface ChatRowOptions {
  readonly tokenizer: TextTokenizer;
  /** Whether only the assistant's turns are learned. */
  readonly assistantOnly: boolean;
  readonly breather: Breather;
  /** The largest number of tokens to return, from the beginning of the text. Default: all. */
  readonly most?: number | undefined;
}

/** The number of characters for each token of a row in which turns are looked for first. Tokens of most texts have fewer on average. */
const USUAL_CHARACTERS = 4;

/**
 * Renders a conversation by its chat template and encodes it. Either only the assistant's turns are learned, or the whole text. A turn
 * begins with the first token that differs from the tokens of the text before the turn, because one token may contain the end of that text
 * and the beginning of the turn.
 *
 * Rejects with `invalid_argument` if the assistant's tokens can't be found, and with the errors of rendering the template.
 */
export async function chatRow(
  messages: readonly ChatMessage[],
  { tokenizer, assistantOnly, breather, most }: ChatRowOptions,
): Promise<ChatRow> {
  const render = (reach: number) =>
    tokenizer.renderChat({ messages, add_generation_prompt: false, turns: assistantOnly, reach, isExample: true });
  const usualReach = USUAL_CHARACTERS * (most ?? Number.POSITIVE_INFINITY);
  const rendered = await render(usualReach);
  const { text } = rendered;
  const encode = (part: string): Promise<number[]> =>
    tokenizer.encodeGradually(part, { add_special_tokens: false, breather, most });
  const row = { ...textRow(await encode(text)), isClosed: true };
  if (!assistantOnly) return { row, uncertain: 0 };
  const { input_ids, labels } = row;
  labels.fill(IGNORED);
  const tokensIn = async (length: number): Promise<number> =>
    length >= text.length ? input_ids.length : sharedLength(input_ids, await encode(text.slice(0, length)));
  let reach = usualReach;
  while ((await tokensIn(reach)) < input_ids.length) reach *= 2;
  const { turns, uncertain } = reach === usualReach ? rendered : await render(reach);
  if (turns.length === 0 && uncertain > 0 && reach >= text.length) throw unclear();
  for (const [start, end] of turns) {
    const from = await tokensIn(start);
    // The text before this turn already fills the row, so this turn and all later ones are cut off.
    if (from === input_ids.length) break;
    const to = await tokensIn(end);
    if (from < to) labels.set(input_ids.subarray(from, to), from);
  }
  return { row, uncertain };
}

function unclear(): WebVeraError {
  const message = "expected a chat template that leaves the assistant's turns as they are, got one that rewrites them";
  return new WebVeraError('invalid_argument', message, {
    hint: 'completion_only_loss: false learns all of a conversation; { prompt, completion } says what is learnt.',
  });
}
