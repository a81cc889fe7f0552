import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readCsv } from '../../../src/tasks/reading/csv';
import { cpuTime } from '../../helpers/cpu_time';

type Rows = { readonly line: number; readonly value: Readonly<Record<string, string>> }[];

async function rowsOf(blob: Blob): Promise<Rows> {
  const rows: Rows = [];
  for await (const row of readCsv(blob)) rows.push(row);
  return rows;
}

const rows = (text: string): Promise<Rows> => rowsOf(new Blob([text]));
const values = async (text: string): Promise<unknown> => (await rows(text)).map(({ value }) => value);

/** Returns a file whose stream delivers these parts. */
function inParts(parts: readonly Uint8Array<ArrayBuffer>[]): Blob {
  const stream = (): ReadableStream<Uint8Array<ArrayBuffer>> =>
    new ReadableStream({
      start(controller) {
        for (const part of parts) controller.enqueue(part);
        controller.close();
      },
    });
  return Object.assign(new Blob(), { stream });
}

describe('rows', () => {
  test.each<[string, string, unknown]>([
    [
      'plain',
      'a,b\n1,2\n3,4\n',
      [
        { a: '1', b: '2' },
        { a: '3', b: '4' },
      ],
    ],
    ['without a line break at the end', 'a,b\n1,2', [{ a: '1', b: '2' }]],
    ['with CRLF', 'a,b\r\n1,2\r\n', [{ a: '1', b: '2' }]],
    ['after a byte order mark', '\ufeffa,b\n1,2\n', [{ a: '1', b: '2' }]],
    ['in quotes', '"a","b"\n"1,5","2"\n', [{ a: '1,5', b: '2' }]],
    ['with doubled quotes', 'a\n"say ""no"""\n""""\n', [{ a: 'say "no"' }, { a: '"' }]],
    ['over many lines', 'a,b\n"1\n\n2\r\n3",4\n', [{ a: '1\n\n2\n3', b: '4' }]],
    [
      'with empty fields',
      'a,b,c\n,,\n"",x,\n',
      [
        { a: '', b: '', c: '' },
        { a: '', b: 'x', c: '' },
      ],
    ],
    ['with quotes within a field', 'a,b\n5" pipe,it"s\n', [{ a: '5" pipe', b: 'it"s' }]],
    ['with spaces', 'a, b\n 1 ,2 \n', [{ a: ' 1 ', ' b': '2 ' }]],
    ['between empty lines', '\n\na\n\n1\n\n""\n\n', [{ a: '1' }, { a: '' }]],
    ['of an unnamed column', ',a\n0,x\n', [{ '': '0', a: 'x' }]],
    ['ending in a comma', 'a,b\n1,', [{ a: '1', b: '' }]],
    ['ending in quotes', 'a,b\n1,"2"', [{ a: '1', b: '2' }]],
    ['in other letters', 'naïve,東京\nÉ,🙂\n', [{ naïve: 'É', 東京: '🙂' }]],
    ['none', 'a,b\n', []],
    ['nothing at all', '', []],
  ])('%s', async (_, text, expected) => {
    expect(await values(text)).toEqual(expected);
  });

  test('say where they begin', async () => {
    const text = 'a,b\n1,2\n\n"x\ny",3\n5,"\n"\n7,8';
    expect((await rows(text)).map(({ line }) => line)).toEqual([2, 4, 6, 8]);
  });

  test('a column may have any name', async () => {
    const [row] = await rows('__proto__,constructor\n1,2\n');
    expect(Object.entries(row!.value)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });

  test('whatever the fields, and wherever the file is cut', async () => {
    const field = fc.string({ unit: fc.constantFrom('a', ',', '"', '\n', ' ', 'é', '🙂'), maxLength: 6 });
    const table = fc
      .integer({ min: 1, max: 4 })
      .chain((width) => fc.array(fc.array(field, { minLength: width, maxLength: width }), { maxLength: 6 }));
    const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(table, fc.array(fc.nat(60), { maxLength: 8 }), async (fields, cuts) => {
        const names = (fields[0] ?? ['']).map((_, i) => `column ${i}`);
        const bytes = new TextEncoder().encode([names, ...fields].map((row) => row.map(quoted).join(',')).join('\r\n'));
        const ends = [...new Set(cuts)].sort((a, b) => a - b);
        const parts = [...ends, bytes.length].map((end, i) => bytes.slice(ends[i - 1] ?? 0, end));
        const read = (await rowsOf(inParts(parts))).map(({ value }) => names.map((name) => value[name]));
        expect(read).toEqual(fields);
      }),
    );
  });
});

describe('refused, and named by its line', () => {
  test.each<[string, string, number, string]>([
    ['a row that is too short', 'a,b\n1,2\n3\n', 3, 'expected 2 fields as in the header, got 1'],
    ['a row that is too long', 'a,b\n\n1,2,3\n', 3, 'expected 2 fields as in the header, got 3'],
    ['text after quotes', 'a\n"x"y\n', 2, 'expected a comma after a field in quotes, got "y"'],
    ['a quote that nothing ends', 'a\n1\n"x\ny\n', 3, 'expected a quote at the end of a field that begins with one'],
    ['two columns of a name', '\na,b,a\n', 2, 'expected a name of its own for each column, got "a" twice'],
  ])('%s', async (_, text, line, problem) => {
    await expect(rows(text)).rejects.toMatchObject({
      code: 'invalid_format',
      message: `line ${line}: ${problem}`,
      detail: { line },
    });
  });

  test('rows before it are read', async () => {
    const reader = readCsv(new Blob(['a\n1\n"x']));
    expect(await reader.next()).toEqual({ done: false, value: { line: 2, value: { a: '1' } } });
    await expect(reader.next()).rejects.toMatchObject({ code: 'invalid_format' });
  });

  test.each([
    ['a field without end', `a\n"${'x\n'.repeat(2 ** 24)}`, 2],
    ['a row without end', `a\n1\n${'x,y'.repeat(2 ** 23)}`, 3],
    ['columns without end', ','.repeat(2 ** 20), 1],
  ])('%s', async (_, text, line) => {
    await expect(rows(text)).rejects.toMatchObject({ code: 'limit_exceeded', detail: { line } });
  });
});

test.each([
  ['doubled quotes', `a\n"${'""'.repeat(2 ** 20)}"\n`],
  ['spaces and quotes', `a\nx${' "'.repeat(2 ** 20)}\n`],
  ['line breaks', '\n'.repeat(2 ** 21)],
  [
    'long names that end differently',
    `${Array.from({ length: 4096 }, (_, i) => 'n'.repeat(4086) + (i + 1000)).join(',')}\n`,
  ],
  [
    'rows of nothing but commas',
    `${Array.from({ length: 1024 }, (_, i) => i).join(',')}\n${`${','.repeat(1023)}\n`.repeat(2 ** 10)}`,
  ],
])('%s take time linear in them', async (_, text) => {
  const start = cpuTime();
  await rows(text);
  expect(cpuTime() - start).toBeLessThan(2000);
});
