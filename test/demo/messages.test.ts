import { expect, test } from 'vitest';
import { csvRows } from '../../demo/src/classify/csv';
import { readMessages } from '../../demo/src/classify/read_messages';
import { evenly, evenlyOfBoth } from '../../demo/src/library/evenly';
import { Latest } from '../../demo/src/library/latest';

const read = (files: Readonly<Record<string, string>>) =>
  readMessages(
    new Map(Object.entries(files).map(([path, text]) => [path, new File([text], path, { type: 'text/plain' })])),
  );

test('a CSV file is parsed by RFC 4180', () => {
  const text = '\ufefftext,label\r\n"a, ""b""\nc",1\r\n\r\nplain "quote",\n,x';
  expect(csvRows(text)).toEqual([
    { text: 'a, "b"\nc', label: '1' },
    { text: 'plain "quote"', label: '' },
    { text: '', label: 'x' },
  ]);
  expect(() => csvRows('text,label\na\n')).toThrow('Row 2 has 1 fields, and the first row names 2.');
});

test('a table may have tabs between its fields', () => {
  expect(csvRows('text\tlabel\n"a\tb"\t1\nc, d\tx\n', '\t')).toEqual([
    { text: 'a\tb', label: '1' },
    { text: 'c, d', label: 'x' },
  ]);
});

test('messages are read from tables, from folders with labels as names, and from lines', async () => {
  const jsonl = '{"text": " a ", "label": 1}\n\n{"text": "b", "label": "x"}\n';
  expect((await read({ 'rows.jsonl': jsonl })).labelled).toEqual([
    { label: '1', content: 'a' },
    { label: 'x', content: 'b' },
  ]);
  const folders = await read({ 'mail/spam/1.txt': 'win\n', 'mail/ham/1.txt': 'hi', 'mail/ham/2.txt': 'ho' });
  expect(folders.labelled).toEqual([
    { label: 'ham', content: 'hi' },
    { label: 'ham', content: 'ho' },
    { label: 'spam', content: 'win' },
  ]);
  expect((await read({ 'a.txt': 'one\r\n\r\n two \n' })).lines).toEqual(['one', 'two']);
});

test('a list in a JSON file and a file with tabs are tables', async () => {
  const rows = [
    { label: '1', content: 'a' },
    { label: 'x', content: 'b, c' },
  ];
  const list = JSON.stringify(
    [
      { text: 'a', label: 1 },
      { text: 'b, c', label: 'x' },
    ],
    null,
    2,
  );
  expect(await read({ 'rows.json': list })).toEqual({ labelled: rows, lines: [], leftOut: 0 });
  const lines = '{"text": "a", "label": 1}\n{"text": "b, c", "label": "x"}\n';
  expect((await read({ 'rows.JSON': lines })).labelled).toEqual(rows);
  expect((await read({ 'rows.tsv': 'label\ttext\n1\ta\nx\tb, c\n' })).labelled).toEqual(rows);
});

test('messages without text or class are left out and counted', async () => {
  const csv = await read({ 'a.csv': 'text,label\nhi,ham\n" ",spam\n,\nwin,spam\n' });
  expect(csv.labelled.map(({ content }) => content)).toEqual(['hi', 'win']);
  expect(csv.leftOut).toBe(2);
  for (const nothing of ['""', 'null']) {
    const jsonl = await read({ 'a.jsonl': `{"text": ${nothing}, "label": 1}\n{"text": "b", "label": 2}` });
    expect(jsonl).toEqual({ labelled: [{ label: '2', content: 'b' }], lines: [], leftOut: 1 });
  }
  const files = { 'mail/spam/1.txt': 'win', 'mail/ham/1.txt': '\n', 'mail/ham/2.txt': 'ho', 'mail/about.txt': 'mail' };
  const folders = await read(files);
  expect(folders.labelled).toEqual([
    { label: 'ham', content: 'ho' },
    { label: 'spam', content: 'win' },
  ]);
  expect(folders.leftOut).toBe(2);
  await expect(read({ 'a.csv': 'text,label\n,ham\n' })).rejects.toThrow('There are no messages in it.');
});

test.each(['a.txt', 'a.jsonl'])('%s may have more messages than a call has arguments', async (name) => {
  const row = (text: string): string => (name === 'a.jsonl' ? JSON.stringify({ text, label: 'x' }) : text);
  const text = Array.from({ length: 200_000 }, (_, index) => row(`${index % 10}`)).join('\n');
  const { labelled, lines } = await read({ [name]: text });
  expect(labelled.length + lines.length).toBe(200_000);
});

test('files that are neither texts nor tables are refused', async () => {
  const message = 'a.xml is neither a text nor a table. Choose CSV or JSON Lines, or plain text with a message a line.';
  await expect(readMessages(new Map([['a.xml', new File(['<a/>'], 'a.xml', { type: 'text/xml' })]]))).rejects.toThrow(
    message,
  );
  for (const name of ['notes', 'notes.md', 'chat.log']) {
    expect((await readMessages(new Map([[name, new File(['one'], name)]]))).lines).toEqual(['one']);
  }
});

test('files that operating systems add are not read', async () => {
  const junk = {
    'mail/.DS_Store': 'a\0b',
    'mail/Thumbs.db': 'a\0b',
    '__MACOSX/mail/1.txt': 'x',
    'mail/.git/a.csv': 'x',
  };
  expect((await read({ 'mail/1.txt': 'one', ...junk })).lines).toEqual(['one']);
  const folders = await read({
    'mail/spam/1.txt': 'win',
    'mail/ham/1.txt': 'hi',
    'mail/ham/.DS_Store': 'a\0b',
    ...junk,
  });
  expect(folders.labelled.map(({ label }) => label)).toEqual(['ham', 'spam']);
  expect((await read({ 'rows/a.csv': 'text,label\nx,1\n', 'rows/.DS_Store': 'a\0b' })).labelled).toHaveLength(1);
});

test.each([
  [{ 'a.csv': 'body,label\nx,1\n' }, 'a.csv needs a text and a label in each row. Row 1 has body, label.'],
  [{ 'a.jsonl': '{"text": "x", "label": ""}' }, 'a.jsonl needs a text and a label in each row. Row 1 has text, label.'],
  [{ 'a.jsonl': 'null' }, 'a.jsonl needs a text and a label in each row. Row 1 has neither.'],
  [{ 'a.jsonl': '{}\n{' }, "Line 2 isn't JSON."],
  [{ 'a.jsonl': '{}\n\n\n{' }, "Line 4 isn't JSON."],
  [{ 'a.json': '{\n"rows": []\n}' }, 'a.json needs a text and a label in each row. Row 1 has rows.'],
  [{ 'a.json': '["a"]' }, 'a.json needs a text and a label in each row. Row 1 has 0.'],
  [{ 'a.json': '[\n  {"text": "a", "label": 1},\n]' }, /^a\.json: .*JSON/s],
  [{ 'a.txt': 'a\0b' }, 'a.txt is no text file.'],
  [{ 'a.txt': ' \n' }, 'There are no messages in it.'],
])('files without messages are refused: %j', async (files, message) => {
  await expect(read(files as Record<string, string>)).rejects.toThrow(message);
});

test('a table in Windows-1252 is refused', async () => {
  const file = new File(
    [Uint8Array.of(...Array.from('text,label\nf\u00fcr,1', (character) => character.charCodeAt(0)))],
    'a.csv',
  );
  await expect(readMessages(new Map([[file.name, file]]))).rejects.toThrow(
    'a.csv is in another encoding, not in UTF-8.',
  );
});

test('too long lists are thinned evenly', () => {
  const all = Array.from({ length: 10 }, (_, i) => i);
  expect(evenly(all, 20)).toEqual(all);
  expect(evenly(all, 4)).toEqual([2, 4, 7, 9]);
  expect(evenly(all, -1)).toEqual([]);
  expect(evenly([], 4)).toEqual([]);
});

test('no item of a long list is lost to rounding', () => {
  for (let length = 1; length <= 200; length++) {
    for (let most = 0; most <= length; most++) expect(evenly(numbers(length), most)).toHaveLength(most);
    expect(evenlyOfBoth(numbers(length), [], 1)).toEqual([[length - 1], []]);
  }
});

test('of values that arrive faster than they are handled, only the newest is handled', async () => {
  const handled: number[] = [];
  const latest = new Latest(async (value: number) => {
    await Promise.resolve();
    handled.push(value);
  });
  await Promise.all([1, 2, 3, 4].map((value) => latest.push(value)));
  expect(handled).toEqual([1, 4]);
  await latest.push(5);
  expect(handled).toEqual([1, 4, 5]);
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);

test('two lists share the room', () => {
  const lengths = (first: number, second: number, most: number): number[] =>
    evenlyOfBoth(numbers(first), numbers(second), most).map((part) => part.length);
  expect(lengths(800, 800, 1000)).toEqual([500, 500]);
  expect(lengths(800, 800, 2000)).toEqual([800, 800]);
  expect(lengths(3, 1000, 100)).toEqual([0, 100]);
  expect(lengths(1000, 0, 10)).toEqual([10, 0]);
  expect(lengths(0, 0, 10)).toEqual([0, 0]);
  expect(lengths(5, 5, 0)).toEqual([0, 0]);
});
