import type { TextTokenizer } from '../../tokenizer/tokenizer';

/** A completion with the EOS token that ends it, as in TRL. */
export function completionText({ eos_token, eos_token_id }: TextTokenizer, completion: string): string {
  const eos = eos_token_id === null ? null : eos_token;
  return eos === null || completion.endsWith(eos) ? completion : completion + eos;
}

/** How many tokens two lists have in common from the first on. */
export function sharedLength(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
}
