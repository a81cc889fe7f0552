import { expect, test } from 'vitest';
import { placedExamples } from '../../../src/tasks/reading/placed_examples';

async function rowsOf(csv: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const { example } of placedExamples({ kind: 'blob', blob: new Blob([csv]), format: 'csv' }))
    rows.push(example);
  return rows;
}

test('ratings of a CSV file are ratings, as those of other files', async () => {
  expect(await rowsOf('prompt,completion,label,weight\nA, b,True,2\nA, c,false,\n')).toEqual([
    { prompt: 'A', completion: ' b', label: true, weight: 2 },
    { prompt: 'A', completion: ' c', label: false },
  ]);
});

test('a text of a CSV file may be cut off', async () => {
  expect(await rowsOf('prompt,completion,label,truncated\nA,B,true,TRUE\nA,C,false,\n')).toEqual([
    { prompt: 'A', completion: 'B', label: true, truncated: true },
    { prompt: 'A', completion: 'C', label: false },
  ]);
  await expect(rowsOf('prompt,chosen,rejected,truncated\nA,B,C,1\n')).rejects.toThrow('line 2: truncated: expected');
});

test('labels of texts stay texts', async () => {
  expect(await rowsOf('text,label\na,true\n')).toEqual([{ text: 'a', label: 'true' }]);
  expect(await rowsOf('text,completion,label\na,b,true\n')).toEqual([{ text: 'a', label: 'true' }]);
});
