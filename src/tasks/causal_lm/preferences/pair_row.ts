import type { Breather } from '../../../core/async/breather';
import { WebVeraError } from '../../../core/errors/error';
import type { TextOrMessages } from '../../../core/preferences/preference';
import type { TextTokenizer } from '../../../tokenizer/tokenizer';
import { placed } from '../../reading/placed_examples';
import { IGNORED } from '../../texts/token_labels';
import { beforeCutMark, completionText, sharedLength, withCutMark } from '../prompts';
import type { TokenRow } from '../token_row';

/**
 * Two sequences that begin with the same prompt. The arrays of `TokenRow` have the first sequence in their first half and the second
 * sequence in their second half, each padded on the right to the length of the longer one. Only completions have labels.
 */
export interface PairRow extends TokenRow {
  /** The weight of the row's loss. */
  readonly weight: number;
  /** Whether a single rated text is good; true for a pair. */
  readonly isGood: boolean;
  /** The base model's log probabilities of both sequences. They are set before the first step, and NaN until then. */
  readonly reference: Float32Array<ArrayBuffer>;
}

/** Returns the `PairRow.reference` of a new row. */
export function unknownReference(): Float32Array<ArrayBuffer> {
  return new Float32Array(2).fill(Number.NaN);
}

/** The tokens of a row without padding. */
export interface RowParts {
  readonly prompt: readonly number[];
  /** The tokens after the prompt, of the first and of the second sequence. */
  readonly completions: readonly [readonly number[], readonly number[]];
}

/** Returns the tokens of a row's prompt and completions, after truncation. */
export function partsOf({ input_ids, labels, attention_mask }: PairRow): RowParts {
  const length = input_ids.length / 2;
  const start = labels.findIndex((label) => label !== IGNORED);
  const completion = (from: number): number[] => {
    const tokens = attention_mask.subarray(from, from + length).lastIndexOf(1) + 1;
    return [...input_ids.subarray(from + start, from + tokens)];
  };
  return { prompt: [...input_ids.subarray(0, start)], completions: [completion(0), completion(length)] };
}

export interface PairRowOptions {
  readonly tokenizer: TextTokenizer | undefined;
  /** The largest number of tokens per sequence. */
  readonly maxLength: number;
  readonly breather: Breather;
}

interface PromptParts {
  readonly prompt: TextOrMessages;
  readonly completions: readonly TextOrMessages[];
}

interface SequenceOptions extends Omit<PairRowOptions, 'maxLength'> {
  /** The largest number of tokens to return. */
  readonly most: number;
  /** Whether completions are cut off before their ends. */
  readonly truncated: boolean | undefined;
}

/** The tokens of a prompt followed by each of its completions. */
interface PromptSequences {
  /** The number of prompt tokens, with which all sequences begin. */
  readonly start: number;
  readonly sequences: readonly (readonly number[])[];
}

/**
 * Encodes a prompt followed by each of its completions, to at most `most` tokens per sequence. As in TRL, a completion begins at the first
 * token in which the prompt alone and the prompt with the completion differ. If these tokens have different positions, the first position
 * applies to all completions. Resolves with undefined if the prompt leaves no room for a completion, or a completion has no token to
 * predict. Rejects with `invalid_argument`, and with the errors of a chat template.
 */
export async function promptSequences(
  { prompt, completions }: PromptParts,
  where: string,
  { maxLength, ...options }: SequenceOptions & Pick<PairRowOptions, 'maxLength'>,
): Promise<PromptSequences | undefined> {
  const tokensOf = encoder(where, options);
  const alone = await tokensOf(prompt, undefined);
  const sequences: (readonly number[])[] = [];
  for (const completion of completions) sequences.push(await tokensOf(prompt, completion));
  const start = Math.min(...sequences.map((ids) => sharedLength(alone, ids)));
  // The first token of a sequence is never predicted, because no token precedes it.
  if (Math.max(1, start) >= Math.min(maxLength, ...sequences.map((ids) => ids.length))) return undefined;
  return { start, sequences };
}

/** Returns a function that encodes a prompt, alone or with a completion. */
function encoder(where: string, { tokenizer, truncated, most, breather }: SequenceOptions) {
  if (tokenizer === undefined) {
    throw new WebVeraError('invalid_argument', `${where}: expected a model with a tokenizer, as texts are compared`, {
      hint: 'Load the model from a source that holds tokenizer.json.',
    });
  }
  return async (prompt: TextOrMessages, completion: TextOrMessages | undefined): Promise<readonly number[]> => {
    if (typeof prompt === 'string') {
      const own = truncated ? completion : completionText(tokenizer, `${completion}`);
      return tokenizer.encodeGradually(completion === undefined ? prompt : prompt + own, { breather, most });
    }
    const all = typeof completion === 'object' ? [...prompt, ...completion] : prompt;
    const isCut = truncated === true && completion !== undefined;
    const chat = {
      messages: isCut ? withCutMark(all) : all,
      add_generation_prompt: completion === undefined,
      turns: false,
      isExample: true,
    };
    const rendered = await tokenizer.renderChat(chat).catch((error: unknown) => {
      throw placed(error, where);
    });
    const text = isCut ? beforeCutMark(rendered.text) : rendered.text;
    return tokenizer.encodeGradually(text, { add_special_tokens: false, breather, most });
  };
}

interface JoinedSequences extends Pick<PromptSequences, 'start'> {
  readonly sequences: readonly (readonly number[] | Uint32Array)[];
}

/** Truncates sequences to `maxLength` tokens each and joins them into one row. All sequences begin with the same `start` tokens. */
export function joinedRow({ start, sequences }: JoinedSequences, maxLength: number): TokenRow {
  const cut = sequences.map((ids) => ids.slice(0, maxLength));
  const length = Math.max(...cut.map((ids) => ids.length));
  const row = {
    input_ids: new Uint32Array(cut.length * length),
    labels: new Int32Array(cut.length * length).fill(IGNORED),
    attention_mask: new Uint8Array(cut.length * length),
  };
  for (const [index, ids] of cut.entries()) {
    const at = index * length;
    row.input_ids.set(ids, at);
    row.labels.set(ids.slice(start), at + start);
    row.attention_mask.fill(1, at, at + ids.length);
  }
  return row;
}
