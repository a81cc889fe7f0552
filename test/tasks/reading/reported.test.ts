import { expect, test } from 'vitest';
import { readText } from '../../../src/tasks/reading/blob_text';
import { placedExamples } from '../../../src/tasks/reading/placed_examples';
import { type ReadCount, reported } from '../../../src/tasks/reading/reported';
import type { RowSource } from '../../../src/tasks/task/task_data';

async function readAll(source: RowSource): Promise<readonly ReadCount[]> {
  const reads: ReadCount[] = [];
  const watched = reported(source, (read) => reads.push(read));
  const parts =
    watched.kind === 'blob' && watched.format === 'text'
      ? readText(watched.blob, watched.onRead)
      : placedExamples(watched);
  for await (const _ of parts);
  return reads;
}

const rows = (count: number) => Array.from({ length: count }, () => ({ text: 'Call me Ishmael.' }));

test('a small data set is read without a report', async () => {
  expect(await readAll({ kind: 'blob', blob: new Blob(['x'.repeat(2 ** 20 - 1)]), format: 'text' })).toEqual([]);
  expect(await readAll({ kind: 'examples', examples: rows(99), length: 99 })).toEqual([]);
});

test('a text is reported in bytes, about once for a megabyte', async () => {
  const size = 5 * 2 ** 20;
  const reads = await readAll({ kind: 'blob', blob: new Blob(['é'.repeat(size / 2)]), format: 'text' });
  expect(reads.length).toBeGreaterThanOrEqual(4);
  expect(reads.length).toBeLessThanOrEqual(5);
  expect(reads.every(({ total }) => total === size)).toBe(true);
  for (const [at, { loaded }] of reads.entries()) expect(loaded).toBeGreaterThanOrEqual((at + 1) * 2 ** 20);
});

test.each(['jsonl', 'csv'] as const)('a file of examples is reported in bytes: %s', async (format) => {
  const lines = {
    jsonl: rows(70_000).map((row) => JSON.stringify(row)),
    csv: ['text', ...rows(70_000).map(({ text }) => text)],
  };
  const blob = new Blob([lines[format].join('\n')]);
  const reads = await readAll({ kind: 'blob', blob, format });
  expect(reads.length).toBe(Math.floor(blob.size / 2 ** 20));
  expect(reads.at(-1)?.total).toBe(blob.size);
});

test('examples are reported by the hundred, or by the percent where they are many', async () => {
  const few = await readAll({ kind: 'examples', examples: rows(1000), length: 1000 });
  expect(few.map(({ loaded }) => loaded)).toEqual([100, 200, 300, 400, 500, 600, 700, 800, 900, 1000]);
  const many = await readAll({ kind: 'examples', examples: rows(20_000), length: 20_000 });
  expect(many).toHaveLength(100);
  expect(many.at(-1)).toEqual({ loaded: 20_000, total: 20_000 });
});

test('examples of unknown number are reported ever more rarely', async () => {
  const reads = await readAll({ kind: 'examples', examples: rows(20_000) });
  expect(reads.length).toBeLessThan(50);
  expect(reads.every(({ total }) => total === undefined)).toBe(true);
});
