import { main as finetune } from '../../scripts/cli/finetune.mjs';
import { modelOf } from '../../scripts/cli/library.mjs';
import { readText } from '../../scripts/finetune/inputs.mjs';
import { labelledFiles, Trainer } from '../../src/index';
import { formatOf } from '../../src/page/data/feed';
import { collectRows } from '../../src/tasks/causal_lm/collect_rows';
import { exampleRows } from '../../src/tasks/reading/example_rows';
import type { RowSource } from '../../src/tasks/task/task_data';
import { openTokenizer, proseFolder } from '../helpers/models/tokenizers';
import { any, type Mistake, withModel } from './mistake';

const tokenizer = openTokenizer(proseFolder);

/** Passes a data set to a `Trainer`, which checks it on the page's side, before the worker reads it. */
const given = (dataset: unknown): (() => Promise<unknown>) =>
  withModel(({ model }) => new Trainer({ model, train_dataset: any(dataset) }));

/** Reads a data set as a language model's run does. */
const read = (dataset: Blob | readonly unknown[]) => (): Promise<unknown> => {
  const source: RowSource =
    dataset instanceof Blob
      ? { kind: 'blob', blob: dataset, format: formatOf(dataset) }
      : { kind: 'examples', examples: dataset };
  return collectRows(source, {
    ...{ tokenizer, vocabSize: 2048, completionOnly: null, maxLength: 16, packing: false },
    overflow: 'truncate',
  });
};
const text = (content: string, name = 'data.txt', type = ''): File => new File([content], name, { type });
const csv = (content: string): File => text(content, 'data.csv');
const bytes = (...content: readonly (string | number)[]): Blob =>
  new Blob(content.map((part) => (typeof part === 'number' ? Uint8Array.of(part) : part)));
const utf16 = (content: string): Blob => new Blob([Uint16Array.from(`\ufeff${content}`, (unit) => unit.charCodeAt(0))]);

/** Reads a file as a classifier's run does. */
const classified = (file: Blob) => (): Promise<unknown> =>
  exampleRows(
    { kind: 'blob', blob: file, format: formatOf(file) },
    { form: '{ text, label }', limits: [], row: (example) => example },
    new AbortController().signal,
  );

export const DATA: readonly Mistake[] = [
  ["`train_dataset: 'Call me Ishmael …'`", given('Call me Ishmael. Some years ago')],
  ["`train_dataset: './book.txt'`", given('./book.txt')],
  ['`train_dataset: response`', given(new Response('a'))],
  ['`train_dataset: await response.arrayBuffer()`', given(new ArrayBuffer(3))],
  ["`train_dataset: { text: 'a' }`", given({ text: 'a' })],
  ["`train_dataset: { text: ['a', 'b'] }`", given({ text: ['a', 'b'] })],
  ['the page that a server sends for a missing file', given(new Blob(['<!doctype html>'], { type: 'text/html' }))],
  ['a picture', given(text('x', 'cat.png', 'image/png'))],
  ['a PDF', given(text('%PDF-1.7', 'a.pdf', 'application/pdf'))],
  ['an Excel table', given(text('PK', 'a.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'))],
  ['a .docx without a type', read(bytes('PK', 3, 4, 'word/document.xml'))],
  ['a PDF without a type', read(bytes('%PDF-1.7'))],
  ['a text in UTF-16', read(utf16('Call me Ishmael.'))],
  ['a text in Latin-1', read(bytes('Fran', 0xe7, 'ais, ', 0xe9, 't', 0xe9))],
  ['a program in place of a text', read(bytes(0x7f, 'ELF', 2, 1, 0, 0, 0))],
  ['a list in a file of JSON', read(text('[{"text": "a"},\n{"text": "b"}]', 'data.json'))],
  ['an object over several lines, without a name', read(new Blob(['{\n  "text": "a"\n}']))],
  ['a broken line of JSON Lines', read(text('{"text": "a b c"}\n{"text": "d', 'data.jsonl'))],
  ['an empty text', read(new Blob([]))],
  ['an empty list', read([])],
  ["`[{ text: '' }]`", read([{ text: '' }])],
  ['`[text, text]`', read(['Call me', 'Ishmael'])],
  ['`[[1, 2], [3]]`', read([[1, 2], [3]])],
  ['`{ instruction, output }`', read([{ instruction: 'a', output: 'b' }])],
  ['`{ instruction, input, output }`', read([{ instruction: 'a', input: 'b', output: 'c' }])],
  ['`{ prompt }` alone', read([{ prompt: 'a' }])],
  ['`{ content }`', read([{ content: 'a' }])],
  ['`{ title, content, label }`', read([{ title: 'a', content: 'b', label: 1 }])],
  ['`{ id, tokens, ner_tags }`', read([{ id: '0', tokens: ['Ada'], ner_tags: [1] }])],
  ['`{ role, content }` outside of a conversation', read([{ role: 'user', content: 'a' }])],
  ['a number as a text', read([{ text: 5 }])],
  ['tokens beyond the vocabulary', read([{ input_ids: [1, 5000] }])],
  ['prompts longer than `max_length`', read([{ prompt: 'the whale '.repeat(40), completion: 'x' }])],
  ['CSV with semicolons', read(csv('text;label\na;b\n'))],
  ['CSV of other columns', read(csv('review,stars\ngood,5\n'))],
  ['a row of CSV that is too long', read(csv('text,label\na,b,c\n'))],
  ['a quote in CSV that nothing ends', read(csv('text\n"a\nb\n'))],
  ['plain text for a classifier', classified(text('Call me Ishmael.'))],
  ['a file without rows for a classifier', classified(csv('text,label\n'))],
  [
    '`labelledFiles` of files in one folder',
    () => labelledFiles({ 'a.txt': new Blob(['a']), 'b.txt': new Blob(['b']) }),
  ],
  [
    '`labelledFiles` of texts and pictures',
    () => labelledFiles({ 'a/a.txt': new Blob(['a']), 'b/b.png': new Blob(['b']) }),
  ],
  ['`labelledFiles` of documents', () => labelledFiles({ 'a/a.docx': new Blob(['a']) })],
  ['`webvera finetune --model ./modl`', () => modelOf({ model: './modl' })],
  ['`webvera finetune` without a model', () => modelOf({})],
  ['`webvera finetune --text gone.txt`', () => readText('gone.txt')],
  ['`webvera finetune --steps 5`', () => finetune(['--steps', '5'])],
];
