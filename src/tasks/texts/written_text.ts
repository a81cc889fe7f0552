import type { GivenText } from './encoded_text';

interface Writing {
  readonly prompt: string;
  readonly lowerCase: boolean;
}

/** A text, written as `writtenText` does, and the second text of a pair, which has no prompt. */
export function writtenTexts({ text, text_pair }: GivenText, writing: Writing): GivenText {
  const second = text_pair === undefined ? undefined : writtenText(text_pair, { ...writing, prompt: '' });
  return { text: writtenText(text, writing), text_pair: second };
}

/** A text behind its prompt. As in tokenizers, each character becomes lower case by itself, whether or not it ends a word. */
export function writtenText(text: string, { prompt, lowerCase }: Writing): string {
  const whole = `${prompt}${text}`;
  return lowerCase ? [...whole].map((character) => character.toLowerCase()).join('') : whole;
}
