import { wrong } from '../../../core/errors/wrong';
import { copyPrompt } from '../../../core/input/copy_prompt';
import { isJsonObject } from '../../../core/input/fields';
import type { RatedExample } from '../../../core/preferences/preference';
import type { TextEnd } from '../../../core/types/generation';
import type { SentExample } from '../../../core/types/training';
import type { Generation } from '../../models/remote_generation';
import type { GeneratedText } from '../types';
import { type Feedback, feedbackFields, isPair, likelyExample } from './feedback';

/**
 * Resolves with the text of a generation and its prompt, once the generation has ended; or with the given text. Rejects with
 * `invalid_argument` for another value and for a prompt of token ids, and with the error of a generation that failed.
 */
export async function generatedText(where: string, given: Generation | GeneratedText | string): Promise<GeneratedText> {
  if (typeof given === 'string') return { prompt: '', completion: given };
  if (!isJsonObject(given) || !('prompt' in given)) {
    throw wrong(where, 'a generation, { prompt, completion } or a text', given);
  }
  const { prompt } = given as Generation | GeneratedText;
  if (!isText(prompt)) {
    const hint = 'Decode it: { prompt: await model.tokenizer.decode(ids), completion }.';
    throw wrong(`${where}: prompt`, 'a text or messages', prompt, hint);
  }
  const copied = copyPrompt(prompt); // the caller may add messages to the list meanwhile
  const { completion, truncated } =
    'completion' in given ? (given as Partial<GeneratedText>) : await writtenText(given as Generation);
  if (typeof completion === 'string')
    return { prompt: copied, completion, ...(truncated !== undefined && { truncated }) };
  throw wrong(`${where}: completion`, 'a string', completion);
}

/** Returns a generation's text, and whether it was truncated at the maximum number of tokens. */
async function writtenText(generation: Generation): Promise<Omit<GeneratedText, 'prompt'>> {
  const completion = await generation;
  let end: TextEnd | undefined;
  if (Symbol.asyncIterator in generation) for await (const token of generation) ({ end } = token);
  return { completion, ...(end === 'length' && { truncated: true }) };
}

/** Whether a prompt is a text or messages. A prompt of numbers is a list of token ids. */
function isText(prompt: Generation['prompt']): prompt is GeneratedText['prompt'] {
  return typeof prompt === 'string' || (Array.isArray(prompt) && typeof prompt[0] !== 'number');
}

/**
 * Makes the rating of a text. Throws `invalid_argument` for a number other than 1, −1 and 0, and for messages that aren't `{ role, content
 * }`. For 0, returns the rating to remove, whose label doesn't matter.
 */
export function ratingOf({ completion, ...text }: GeneratedText, rating: number): Feedback {
  if (rating !== 1 && rating !== -1 && rating !== 0) throw wrong('rate: rating', '1, -1 or 0', rating);
  return feedbackFields('rate', { ...text, completion: answerTo(text.prompt, completion), label: rating > 0 });
}

/** Returns a preference. Throws `invalid_argument` for any other value. */
export function preferenceOf(value: unknown): Feedback {
  const feedback = feedbackFields('prefer', value);
  if (isPair(feedback)) return feedback;
  throw wrong('prefer', '{ prompt, chosen, rejected }', value, 'One text is rated: profile.rate.');
}

/**
 * Makes a training example from the text that a person wrote in place of the model's answer. Throws `invalid_argument` for an empty text.
 */
export function correctedExample({ prompt }: GeneratedText, text: string): SentExample {
  if (typeof text === 'string' && text.trim() !== '') return likelyExample(prompt, answerTo(prompt, text));
  const hint = 'A text of which no word is good is rated: profile.rate(generation, -1).';
  throw wrong('correct: text', 'a text that is not empty', text, hint);
}

/** Returns the completion for a prompt: the text itself after a text, or a message with the text after a conversation. */
function answerTo(prompt: GeneratedText['prompt'], text: string): RatedExample['completion'] {
  return typeof prompt === 'string' ? text : [{ role: 'assistant', content: text }];
}
