/** A word-level vocabulary is enough to be refused. */
export function tokenizerJson(changes: Record<string, unknown> = {}, model: Record<string, unknown> = {}): string {
  return JSON.stringify({
    added_tokens: [{ id: 0, content: '<s>', special: true }],
    pre_tokenizer: { type: 'Whitespace' },
    ...changes,
    model: { type: 'WordPiece', unk_token: '<unk>', vocab: { '<unk>': 1, a: 2, b: 3 }, ...model },
  });
}

/** Most milliseconds that a hostile file may take, to be read and for a text. */
export const SECOND = 1000;
