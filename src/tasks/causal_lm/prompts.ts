import type { TextTokenizer } from '../../tokenizer/tokenizer';

/** Appends the EOS token to a completion that doesn't end with it, as in TRL. */
export function completionText({ eos_token, eos_token_id }: TextTokenizer, completion: string): string {
  const eos = eos_token_id === null ? null : eos_token;
  return eos === null || completion.endsWith(eos) ? completion : completion + eos;
}

/** Returns the number of tokens that two lists have in common from their first token on. */
export function sharedLength(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
