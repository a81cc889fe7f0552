import { expect, test } from 'vitest';
import type { FileFormat } from '../../../src/core/types/training';
import { recognised } from '../../../src/tasks/reading/recognised';

async function formatOf(text: string, format: FileFormat = 'text'): Promise<string> {
  const source = await recognised({ kind: 'blob', blob: new Blob([text]), format });
  return source.kind === 'blob' ? source.format : source.kind;
}

const LONG = 'x'.repeat(2 ** 17);

test.each([
  ['two lines', '{"text": "a"}\n{"text": "b"}\n'],
  ['one line', '{"prompt": "a", "completion": "b"}'],
  ['CRLF and an empty line first', '\r\n{"text": "a"}\r\n'],
  ['a byte order mark', '\ufeff{"text": "a"}\n'],
  ['a first line that is longer than the head', `{"text": "${LONG}"}\n{"text": "b"}`],
])('JSON Lines without a name or type are JSON Lines: %s', async (_, text) => {
  expect(await formatOf(text)).toBe('jsonl');
});

test.each([
  ['prose', 'Call me Ishmael.\nSome years ago'],
  ['braces', '{ not JSON }\nat all'],
  ['a note in brackets', '[Chapter 1]\nCall me'],
  ['numbers', '12\n13'],
  ['nothing', ''],
  ['a long line', LONG],
])('a text stays plain text: %s', async (_, text) => {
  expect(await formatOf(text)).toBe('text');
});

test.each([
  ['a list', '[{"text": "a"},\n {"text": "b"}]', 'text'],
  ['a list in a file of JSON', '[\n  { "text": "a" }\n]', 'jsonl'],
  ['an object over lines', '{\n  "text": "a"\n}', 'text'],
] as const)('one JSON document is refused: %s', async (_, text, format) => {
  await expect(formatOf(text, format)).rejects.toMatchObject({
    code: 'invalid_format',
    message: 'Expected a text, or JSON Lines with an example a line, got one JSON document',
    hint: expect.stringContaining('JSON.parse(await blob.text())'),
  });
});

test('CSV and lists are not inspected', async () => {
  expect(await formatOf('{"text": "a"}', 'csv')).toBe('csv');
  const list = { kind: 'examples', examples: [] } as const;
  expect(await recognised(list)).toBe(list);
});
