import { readCsv } from '../../../src/tasks/reading/csv';
import type { FuzzTarget } from '../target';

/** The input: a CSV file. Its rows must have the header's columns in order, whether the file arrives in one part or in many. */
export const target: FuzzTarget = {
  name: 'csv',
  codes: ['invalid_format', 'limit_exceeded'],
  async run(bytes) {
    const rows = await rowsOf(new Blob([bytes]));
    const [first] = rows;
    for (const [i, { line, value }] of rows.entries()) {
      if (Object.keys(value).join() !== Object.keys(first?.value ?? {}).join())
        throw new Error(`got columns of ${line}`);
      if (i > 0 && line <= (rows[i - 1]?.line ?? 0)) throw new Error(`got line ${line} after ${rows[i - 1]?.line}`);
    }
    const cut = await rowsOf(inPartsOf(bytes, 3));
    if (JSON.stringify(cut) !== JSON.stringify(rows)) throw new Error('got other rows of a file that comes in parts');
  },
};

type Row = { readonly line: number; readonly value: object };

async function rowsOf(blob: Blob): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of readCsv(blob)) rows.push(row);
  return rows;
}

function inPartsOf(bytes: Uint8Array<ArrayBuffer>, size: number): Blob {
  let from = 0;
  const stream = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
    new ReadableStream({
      pull(controller) {
        if (from >= bytes.length) controller.close();
        else controller.enqueue(bytes.slice(from, from + size));
        from += size;
      },
    });
  return Object.assign(new Blob(), { stream });
}
