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

/** The assistant's turns are first searched for in this many characters per token. Most texts have fewer characters per token. */
const USUAL_CHARACTERS = 4;

/**
 * Renders a conversation by its chat template and encodes it. The labels cover only the assistant's turns, or the whole text. A token that
 * contains both the end of the text before a turn and the beginning of the turn belongs to the turn.
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
  const ids = await tokenizer.encodeGradually(text, { add_special_tokens: false, breather, most });
  const row = { ...textRow(ids), isClosed: true };
  if (!assistantOnly) return { row, uncertain: 0 };
  const { input_ids, labels } = row;
  labels.fill(IGNORED);
  const tokensIn = tokenCounter(text, input_ids, { tokenizer, breather });
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

/**
 * Returns a function that encodes the first `length` characters of a text and counts how many tokens at the beginning equal those of the
 * whole text (`ids`). If `length` grows from call to call, no window of the text (see `TextStream`) is encoded twice.
 */
function tokenCounter(
  text: string,
  ids: Uint32Array,
  { tokenizer, breather }: Pick<ChatRowOptions, 'tokenizer' | 'breather'>,
): (length: number) => Promise<number> {
  let stream = tokenizer.stream();
  let [pushed, settled] = [0, 0];
  return async (length) => {
    if (length >= text.length) return ids.length;
    if (length < pushed) {
      stream = tokenizer.stream();
      [pushed, settled] = [0, 0];
    }
    const part = text.slice(pushed, length);
    pushed = length;
    for (const piece of stream.push(part)) {
      await breather.breathe();
      // These tokens are the same in the whole text, because it was encoded in the same windows.
      settled += piece.length;
      if (settled >= ids.length) return ids.length;
    }
    await breather.breathe();
    return settled + sharedLength(ids.subarray(settled), stream.peek());
  };
}

function unclear(): WebVeraError {
  const message = "expected a chat template that leaves the assistant's turns as they are, got one that rewrites them";
  return new WebVeraError('invalid_argument', message, {
    hint: 'completion_only_loss: false learns all of a conversation; { prompt, completion } says what is learnt.',
  });
}
