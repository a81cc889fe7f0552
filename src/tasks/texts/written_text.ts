import type { GivenText } from './encoded_text';

interface Writing {
  readonly prompt: string;
  readonly lowerCase: boolean;
}

/** Applies `writtenText` to a text, and to the second text of a pair, which gets no prompt. */
export function writtenTexts({ text, text_pair }: GivenText, writing: Writing): GivenText {
  const second = text_pair === undefined ? undefined : writtenText(text_pair, { ...writing, prompt: '' });
  return { text: writtenText(text, writing), text_pair: second };
}

/**
 * Puts the prompt before a text. With `lowerCase`, converts each character to lower case separately, as the tokenizers library does, so a
 * Σ at the end of a word becomes σ, not ς.
 */
export function writtenText(text: string, { prompt, lowerCase }: Writing): string {
  const whole = `${prompt}${text}`;
  return lowerCase ? [...whole].map((character) => character.toLowerCase()).join('') : whole;
}
