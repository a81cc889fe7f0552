import { describe, expect, test } from 'vitest';
import { exampleHint } from '../../../src/core/types/example';
import { anyDataset } from '../../../src/page/data/dataset_rules';

const file = (type: string, name: string): Blob => Object.assign(new Blob(['a'], { type }), { name });

const shownImage = (name: string): object => ({ [Symbol.toStringTag]: name });

test.each<[string, unknown]>([
  ['an array', [{ text: 'a' }]],
  ['a generator', (function* () {})()],
  ['an asynchronous one', (async function* () {})()],
  ['a stream', new ReadableStream()],
  ['a Blob of no type', new Blob(['a'])],
  ['a Blob of text', new Blob(['a'], { type: 'text/plain' })],
  ['what servers call files that they know nothing of', new Blob(['a'], { type: 'application/octet-stream' })],
  ['a table that Windows takes for one of Excel', file('application/vnd.ms-excel', 'a.csv')],
  ['a web page that somebody chose', file('text/html', 'a.html')],
])('a data set may be %s', (_, value) => {
  expect(anyDataset.accepts(value)).toBe(true);
});

describe('an invalid data set gets a hint', () => {
  test.each<[string, unknown, RegExp]>([
    ['text', 'Call me Ishmael. Some years ago', /new Blob\(\[text\]\) or \[\{ text \}\]/],
    ['empty text', '', /new Blob\(\[text\]\)/],
    ['an address', 'https://example.com/a', /^Fetch it: .*response\.ok/],
    ['a path', './text/moby-dick.txt', /^Fetch it/],
    ['a file name', 'moby-dick.txt', /^Fetch it/],
    ['a URL', new URL('https://example.com/a.txt'), /^Fetch it/],
    ['a Response', new Response('a'), /await response\.blob\(\)/],
    ['bytes', new ArrayBuffer(4), /new Blob\(\[bytes\]\)/],
    ['an array of bytes', new Uint8Array(4), /new Blob\(\[bytes\]\)/],
    ['an error page', new Blob(['<!doctype html>'], { type: 'text/html; charset=utf-8' }), /is the address .* right\?/],
    ['a PDF', file('application/pdf', 'a.pdf'), /application\/pdf holds no plain text/],
    ['a picture', new Blob(['a'], { type: 'image/png' }), /image\/png holds no plain text/],
    ['a spreadsheet', file('application/vnd.ms-excel', 'a.xls'), /as CSV/],
    ['a file’s handle', { getFile: async () => new Blob() }, /await handle\.getFile\(\)/],
    ['columns', { text: ['a', 'b'] }, /^Examples are rows/],
    ['an example', { text: 'a' }, /\[example\]/],
    ['nothing', undefined, /new Blob/],
    ['null', null, /new Blob/],
  ])('%s', (_, value, hint) => {
    expect(anyDataset.accepts(value)).toBe(false);
    expect(anyDataset.hint?.(value)).toMatch(hint);
  });
});

test.each<[unknown, string]>([
  ['a', 'Texts are passed as texts.map((text) => ({ text })).'],
  [new Blob(['a']), 'A Blob is a data set by itself: pass it without the list.'],
  [new Uint8Array(1), 'A stream of text is passed as await new Response(stream).blob().'],
  [[1, 2], 'Token ids are passed as [{ input_ids }].'],
  [1, 'Token ids are passed as [{ input_ids }].'],
  [
    { question: 'a', answer: 'b', id: 1 },
    'Rename what it holds: rows.map((row) => ({ prompt: row.question, completion: row.answer })).',
  ],
  [{ content: 'a' }, 'Rename what it holds: rows.map((row) => ({ text: row.content })).'],
  [
    { title: 'a', content: 'b', label: 1 },
    'Rename what it holds: rows.map((row) => ({ text: row.content, label: row.label })).',
  ],
  [
    { id: '0', tokens: ['Ada'], pos_tags: [2], ner_tags: [1] },
    'Rename what it holds: rows.map((row) => ({ tokens: row.tokens, labels: row.ner_tags })).',
  ],
  [
    { sentence1: 'a', sentence2: 'b', label: 1 },
    'Rename what it holds: rows.map((row) => ({ text: row.sentence1, text_pair: row.sentence2, label: row.label })).',
  ],
  [
    { premise: 'a', hypothesis: 'b', label: 1 },
    'Rename what it holds: rows.map((row) => ({ text: row.premise, text_pair: row.hypothesis, label: row.label })).',
  ],
  [
    { question1: 'a', question2: 'b', label: 1 },
    'Rename what it holds: rows.map((row) => ({ text: row.question1, text_pair: row.question2, label: row.label })).',
  ],
  [
    { text1: 'a', text2: 'b', label: 1 },
    'Rename what it holds: rows.map((row) => ({ text: row.text1, text_pair: row.text2, label: row.label })).',
  ],
  [
    { sentence1: 'a', label: 1 },
    'Its fields are sentence1, label: name them text and label, or prompt and completion, such as rows.map((row) => ({ text: row.sentence1, label: row.label })).',
  ],
  [
    { img: file('image/png', 'a.png'), label: 1 },
    'Rename what it holds: rows.map((row) => ({ image: row.img, label: row.label })).',
  ],
  [
    { input: { width: 1, height: 1, data: new Uint8ClampedArray(4) }, label: 1 },
    'Rename what it holds: rows.map((row) => ({ image: row.input, label: row.label })).',
  ],
  [
    { 'the picture': shownImage('HTMLImageElement'), caption: 'a cat' },
    'Rename what it holds: rows.map((row) => ({ image: row["the picture"] })).',
  ],
  [
    { instruction: 'a', input: 'b', output: 'c' },
    "Rename what it holds: rows.map((row) => ({ prompt: [row.instruction, row.input].filter(Boolean).join('\\n'), completion: row.output })).",
  ],
  [
    { instruction: 'a', context: 'b', response: 'c', category: 'd' },
    "Rename what it holds: rows.map((row) => ({ prompt: [row.instruction, row.context].filter(Boolean).join('\\n'), completion: row.response })).",
  ],
  [
    { input: 'a', output: 'b' },
    'Rename what it holds: rows.map((row) => ({ prompt: row.input, completion: row.output })).',
  ],
  [
    { id: '7', review: 'a good one', label: 1 },
    'Its fields are id, review, label: name them text and label, or prompt and completion, such as rows.map((row) => ({ text: row.review, label: row.label })).',
  ],
  [
    { id: 7, word: 'a' },
    'Its fields are id, word: name them text and label, or prompt and completion, such as rows.map((row) => ({ text: row.word })).',
  ],
  [{ 'text;label': 'a;b' }, 'Columns of a CSV file are separated by commas.'],
  [
    { a: 1 },
    'Its fields are a: name them text and label, or prompt and completion, such as rows.map((row) => ({ text: row.a })).',
  ],
  [
    { ['b'.repeat(1000)]: 1 },
    `Its fields are ${'b'.repeat(80)}: name them text and label, or prompt and completion, such as rows.map((row) => ({ text: row.${'b'.repeat(80)} })).`,
  ],
  [
    { conversations: [{ from: 'human', value: 'a' }] },
    "Rename what it holds: rows.map((row) => ({ messages: row.conversations.map(({ from, value }) => ({ role: { human: 'user', gpt: 'assistant' }[from] ?? from, content: value })) })).",
  ],
  [
    { id: 1, 'the talk': [{ role: 'user', content: 'a' }] },
    'Rename what it holds: rows.map((row) => ({ messages: row["the talk"] })).',
  ],
  [
    { chosen: [{ role: 'user', content: 'a' }], rejected: [{ role: 'user', content: 'a' }] },
    'The prompt is apart: rows.map(({ chosen, rejected }) => ({ prompt: chosen.slice(0, -1), chosen: chosen.slice(-1), rejected: rejected.slice(-1) })).',
  ],
  [{ chosen: 'a', rejected: 'b' }, 'Both answers continue one prompt, which is apart from them.'],
  [{ prompt: 'a', chosen: 'b' }, 'Both answers continue one prompt, which is apart from them.'],
  [
    { question: 'a', chosen: 'b', rejected: 'c' },
    'Rename what it holds: rows.map((row) => ({ ...row, prompt: row.question })).',
  ],
  [null, ''],
])('the row %j gets the hint: %s', (row, hint) => {
  expect(exampleHint(row)).toBe(hint);
});
