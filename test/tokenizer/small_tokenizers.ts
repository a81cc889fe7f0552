import { expect } from 'vitest';

/** Returns a tokenizer.json with a small vocabulary. Tests make it invalid with `changes` and `model`. */
export function tokenizerJson(changes: Record<string, unknown> = {}, model: Record<string, unknown> = {}): string {
  return JSON.stringify({
    added_tokens: [{ id: 0, content: '<s>', special: true }],
    pre_tokenizer: { type: 'Whitespace' },
    ...changes,
    model: { type: 'WordPiece', unk_token: '<unk>', vocab: { '<unk>': 1, a: 2, b: 3 }, ...model },
  });
}

/** The most milliseconds that reading a hostile file, or encoding a text, may take. */
export const SECOND = 1000;

/** Returns a tokenizer.json that splits texts by a regular expression, or by several in turn. */
export function split(...expressions: readonly string[]): string {
  const pretokenizers = expressions.map((Regex) => ({ type: 'Split', pattern: { Regex } }));
  return tokenizerJson({ pre_tokenizer: { type: 'Sequence', pretokenizers } });
}

/** Matches the error codes with which a tokenizer definition or a text is rejected. */
export const refusedOrDone = expect.stringMatching(/^(invalid_format|limit_exceeded)$/);
