import { readFileSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { keptRows } from '../../../scripts/results/kept_rows.mjs';

const template = readFileSync(new URL('../../../scripts/results/template.md', import.meta.url), 'utf8');
const table = {
  keys: 2,
  columns: ['examples', 'what trains', 'accuracy'],
  about: (seeds: number) => [`Of ${seeds} runs.`],
  make: async () => {},
};

function memory() {
  let text = template;
  const write = (written: string): void => {
    text = written;
  };
  return { read: () => text, write };
}

function session(file: ReturnType<typeof memory>, options: { device?: string; seeds?: number; again?: boolean } = {}) {
  const told: string[] = [];
  const tell = (line: string) => void told.push(line);
  const row = keptRows('texts', table, { device: 'a GPU', seeds: 3, again: false, report: tell, ...options }, file);
  return { row, told };
}

test('an interrupted table resumes after its existing rows', async () => {
  const file = memory();
  const first = session(file);
  await first.row(['8', 'head'], async () => ['70']);
  await expect(first.row(['8', 'VeRA'], () => Promise.reject(new Error('killed')))).rejects.toThrow('killed');
  const { row, told } = session(file);
  const measure = vi.fn(async () => ['80']);
  await row(['8', 'head'], measure);
  expect(measure).not.toHaveBeenCalled();
  await row(['8', 'VeRA'], measure);
  expect(told).toEqual(['8 | head | 70', '8 | VeRA | 80']);
  expect(file.read()).toContain('| 8 | head | 70 |\n| 8 | VeRA | 80 |\n');
});

test('rows that are not measured again yet stay after the new ones', async () => {
  const file = memory();
  const { row } = session(file);
  for (const name of ['head', 'VeRA']) await row(['8', name], async () => ['70']);
  await session(file).row(['4', 'head'], async () => ['60']);
  expect(file.read()).toContain('| 4 | head | 60 |\n| 8 | head | 70 |\n| 8 | VeRA | 70 |\n');
});

test.each([{ device: 'another GPU' }, { seeds: 5 }, { again: true }])(
  'a table with %o begins anew',
  async (options) => {
    const file = memory();
    await session(file).row(['8', 'head'], async () => ['70']);
    await session(file, options).row(['8', 'VeRA'], async () => ['80']);
    expect(file.read()).not.toContain('| 8 | head |');
  },
);
