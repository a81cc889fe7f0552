import { expect } from 'vitest';

/** A tokenizer.json with a small vocabulary, which tests change so that it is refused. */
export function tokenizerJson(changes: Record<string, unknown> = {}, model: Record<string, unknown> = {}): string {
  return JSON.stringify({
    added_tokens: [{ id: 0, content: '<s>', special: true }],
    pre_tokenizer: { type: 'Whitespace' },
    ...changes,
    model: { type: 'WordPiece', unk_token: '<unk>', vocab: { '<unk>': 1, a: 2, b: 3 }, ...model },
  });
}

/** The most milliseconds for reading a hostile file, and for encoding a text. */
export const SECOND = 1000;

/** A tokenizer.json that splits texts by an expression. */
export function split(Regex: string): string {
  return tokenizerJson({ pre_tokenizer: { type: 'Split', pattern: { Regex } } });
}

/** The codes of a definition or a text that is refused. */
export const refusedOrDone = expect.stringMatching(/^(invalid_format|limit_exceeded)$/);
