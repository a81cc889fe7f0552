/**
 * Returns the attention spans of all tokens, u32 (B, T, 2). The first number is the position in the row at which the token's document
 * begins. The second is the position at which the next document begins, or T if there is none: queries from there on don't attend to the
 * token. For padding, the second is 0. `documents` is 0 for padding and any other number for a token. A change of the number within a row
 * of T tokens begins another document.
 */
export function attentionSpans(documents: ArrayLike<number>, T: number): Uint32Array<ArrayBuffer> {
  const spans = new Uint32Array(2 * documents.length);
  for (let first = 0; first < documents.length; first += T) {
    const begins = documentBegins(documents, first, T);
    let end = T;
    for (let t = T - 1; t >= 0; t--) {
      const begin = begins[t] ?? 0;
      const n = first + t;
      spans[2 * n] = begin;
      spans[2 * n + 1] = documents[n] === 0 ? 0 : end;
      if (t === begin) end = begin;
    }
  }
  return spans;
}

/**
 * Returns, for each of T tokens, the position at which its document begins, counted from the first token. Padding belongs to the document
 * before it.
 */
export function documentBegins(documents: ArrayLike<number>, first: number, T: number): Uint32Array<ArrayBuffer> {
  const begins = new Uint32Array(T);
  let current = 0;
  for (let t = 0; t < T; t++) {
    const document = documents[first + t] ?? 0;
    const isNext = document !== 0 && current !== 0 && document !== current;
    begins[t] = isNext ? t : (begins[t - 1] ?? 0);
    if (document !== 0) current = document;
  }
  return begins;
}
