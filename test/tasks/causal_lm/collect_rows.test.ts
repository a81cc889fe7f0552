import { describe, expect, test } from 'vitest';
import type { Example } from '../../../src/core/types/training';
import { Feed } from '../../../src/page/data/feed';
import { collectRows } from '../../../src/tasks/causal_lm/collect_rows';
import { readJsonLines, readText } from '../../../src/tasks/reading/blob_text';
import type { RowSource } from '../../../src/tasks/task/task_data';
import { IGNORED } from '../../../src/tasks/texts/token_labels';
import { toArray } from '../../helpers/bytes/to_array';
import { proseText } from '../../helpers/models/tokenizers';
import { examples, ids, idsOf, jsonl, options, tokenizer } from './collecting';

function text(content: string): RowSource {
  return { kind: 'blob', blob: new Blob([content]), format: 'text' };
}

/** Returns a Blob whose stream delivers parts of this size. */
function partedBlob(bytes: Uint8Array, size: number): Blob {
  const stream = () =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
        controller.close();
      },
    });
  return Object.assign(new Blob([]), { stream });
}

describe('plain text', () => {
  test('is cut into blocks that do not overlap; every token is learned', async () => {
    const content = proseText(20_000);
    const { rows, leftOut } = await collectRows(text(content), { ...options, maxLength: 100 });
    const whole = tokenizer.encode(content);
    expect(rows.flatMap(({ input_ids }) => [...input_ids])).toEqual(whole);
    expect(rows.slice(0, -1).every(({ input_ids }) => input_ids.length === 100)).toBe(true);
    expect(rows.at(-1)!.input_ids.length).toBe(whole.length % 100);
    expect(rows.every((row) => [...row.labels].join() === [...row.input_ids].join())).toBe(true);
    expect(leftOut).toBe(0);
  });

  test("a last block of one token is left out, one of two isn't", async () => {
    const tokens = tokenizer.encode(proseText(200)).slice(0, 34);
    const content = (length: number) => tokenizer.decode(tokens.slice(0, length));
    expect((await idsOf(text(content(33)))).map((row) => row.length)).toEqual([16, 16]);
    expect((await idsOf(text(content(34)))).map((row) => row.length)).toEqual([16, 16, 2]);
  });

  test('is read as UTF-8 wherever it is cut, with one kind of line end', async () => {
    const bytes = new TextEncoder().encode('\ufeffnaïve 🙂\r\nfar\raway\n\r\n');
    for (let size = 1; size < 8; size++) {
      const parts = await toArray(readText(partedBlob(bytes, size)));
      expect(parts.join('')).toBe('naïve 🙂\nfar\naway\n\n');
    }
  });

  test('an empty one has nothing to learn', async () => {
    await expect(collectRows(text(''), options)).rejects.toMatchObject({ code: 'invalid_argument' });
  });
});

describe('JSON Lines', () => {
  test('one example a line, empty lines skipped', async () => {
    const rows = await idsOf(jsonl('{"input_ids":[1,2]}', '', '  ', '{"text":"Call me"}', ''));
    expect(rows).toEqual([[1, 2], tokenizer.encode('Call me')]);
  });

  test('lines may be cut anywhere', async () => {
    const bytes = new TextEncoder().encode('{"a":"é"}\r\n{"b":2}');
    for (let size = 1; size < 8; size++) {
      const lines = await toArray(readJsonLines(partedBlob(bytes, size)));
      expect(lines).toEqual([
        { line: 1, value: { a: 'é' } },
        { line: 2, value: { b: 2 } },
      ]);
    }
  });

  test('broken JSON is invalid_format with its line', async () => {
    await expect(collectRows(jsonl('{"text":"Call me"}', '', '{"text"'), options)).rejects.toMatchObject({
      code: 'invalid_format',
      message: expect.stringContaining('line 3'),
      detail: { line: 3 },
    });
  });

  test('a line that is no example is invalid_argument with its line', async () => {
    await expect(collectRows(jsonl('{"text":"Call me"}', '[]'), options)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringContaining('line 2'),
    });
  });

  test('a line without end is refused', async () => {
    await expect(collectRows(jsonl('x'.repeat(2 ** 24 + 1)), options)).rejects.toMatchObject({
      code: 'limit_exceeded',
    });
  });
});

describe('CSV', () => {
  const csv = (content: string): RowSource => ({ kind: 'blob', blob: new Blob([content]), format: 'csv' });

  test('one example a row, by the names of the columns', async () => {
    expect(await idsOf(csv('id,text\n1,Call me\n\n2,"Call me, ""sir"""\n'))).toEqual([
      tokenizer.encode('Call me'),
      tokenizer.encode('Call me, "sir"'),
    ]);
    const { rows } = await collectRows(csv('prompt,completion\nCall, me'), options);
    const fromList = await collectRows(examples({ prompt: 'Call', completion: ' me' }), options);
    expect(rows).toEqual(fromList.rows);
  });

  test.each([
    ['a table without a text', 'a,b\n1,2', 'line 2: expected', 'invalid_argument'],
    ['a row of too many fields', 'text\n"Call\nme"\na,b', 'line 4: expected 1 fields', 'invalid_format'],
    ['a header alone', 'text\n', 'at least one example to learn from, got none', 'invalid_argument'],
  ])('%s is refused', async (_, content, message, code) => {
    const expected = { code, message: expect.stringContaining(message) };
    await expect(collectRows(csv(content), options)).rejects.toMatchObject(expected);
  });
});

describe('examples', () => {
  test('any iterable will do', async () => {
    async function* stream() {
      yield { input_ids: [1, 2] };
      yield { input_ids: [3, 4] };
    }
    expect(await idsOf({ kind: 'examples', examples: stream() })).toEqual([
      [1, 2],
      [3, 4],
    ]);
  });

  test('a long one keeps its start, or is split', async () => {
    const source = examples({ input_ids: ids(0, 40) });
    expect(await idsOf(source)).toEqual([ids(0, 16)]);
    expect(await idsOf(source, { overflow: 'split' })).toEqual([ids(0, 16), ids(16, 16), ids(32, 8)]);
  });

  test('those with nothing to learn are left out and counted', async () => {
    const { rows, leftOut } = await collectRows(
      examples(
        { input_ids: [1, 2] },
        { input_ids: [1] },
        { text: '' },
        { input_ids: [1, 2], labels: [1, IGNORED] },
        { input_ids: ids(0, 20), labels: ids(0, 20).map((id) => (id < 16 ? IGNORED : id)) },
      ),
      options,
    );
    expect(rows.length).toBe(1);
    expect(leftOut).toBe(4);
  });

  test.each([
    ['{ text, prompt: null }', { text: 'a b', prompt: null }, true],
    ['{ text, prompt }', { text: 'a b', prompt: 'p' }, true],
    ['{ prompt, completion, text }', { prompt: 'p', completion: 'c', text: 'a b' }, true],
    ['{ input_ids, labels: null }', { input_ids: [1, 2], labels: null, attention_mask: null }, true],
    ['{ text, messages: null }', { text: 'a b', messages: null }, true],
    ['{ prompt }', { prompt: 'p' }, false],
    ['{ text: null }', { text: null }, false],
    ['{ prompt, completion: 1, text }', { prompt: 'p', completion: 1, text: 'a b' }, false],
    ['{ input_ids: text }', { input_ids: 'a b', text: 'a b' }, false],
  ])('%s means the same in an array, an iterable and JSON Lines', async (_, example, isOne) => {
    const read = async (open: () => Promise<RowSource> | RowSource): Promise<unknown> => {
      try {
        return (await collectRows(await open(), options)).rows;
      } catch (error) {
        return (error as Error).message.replace(/^(?:data\[0\]|example 0|line 1): /, '');
      }
    };
    const feed = new Feed('data', [example as Example].values());
    const outcomes = [
      await read(async () => examples(...(await feed.take(1)).examples)),
      await read(() => examples(example)),
      await read(() => jsonl(JSON.stringify(example))),
    ];
    expect(outcomes[1]).toEqual(outcomes[0]);
    expect(outcomes[2]).toEqual(outcomes[0]);
    expect(typeof outcomes[0]).toBe(isOne ? 'object' : 'string');
  });

  test('an error names the example', async () => {
    await expect(collectRows(examples({ text: 'a b' }, { text: 7 }), options)).rejects.toMatchObject({
      message: expect.stringContaining('example 1'),
    });
  });

  test('an abort rejects with its reason and ends the source', async () => {
    const controller = new AbortController();
    let ended = false;
    async function* stream() {
      try {
        for (;;) {
          yield { input_ids: [1, 2] };
          controller.abort('enough');
        }
      } finally {
        ended = true;
      }
    }
    const source: RowSource = { kind: 'examples', examples: stream() };
    await expect(collectRows(source, { ...options, signal: controller.signal })).rejects.toBe('enough');
    expect(ended).toBe(true);
  });
});
