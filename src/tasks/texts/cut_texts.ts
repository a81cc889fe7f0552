import type { Warning } from '../../core/errors/warning';

/** Returns a warning if any texts were truncated, otherwise an empty list. `of` is the number of all texts. */
export function cutWarnings(cut: number, of: number, maxLength: number): Warning[] {
  const message = `${cut} of ${of} texts are longer than ${maxLength} tokens, and their ends are left out. max_length says how long they may be, as far as the model allows`;
  return cut === 0 ? [] : [{ code: 'texts_cut', message }];
}
