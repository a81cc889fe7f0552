import { expect, test } from 'vitest';
import { attentionSpans, documentBegins } from '../../../src/ops/attention/attention_spans';

test('a row of one document ends with the row, and padding is never seen', () => {
  expect([...attentionSpans([1, 1, 0, 0, 7, 7], 3)]).toEqual([0, 3, 0, 3, 0, 0, 0, 0, 0, 3, 0, 3]);
});

test('a document ends where the next begins, whatever padding lies between', () => {
  const documents = [0, 1, 1, 0, 2, 1, 1];
  expect([...documentBegins(documents, 0, 7)]).toEqual([0, 0, 0, 0, 4, 5, 5]);
  expect([...attentionSpans(documents, 7)]).toEqual([0, 0, 0, 4, 0, 4, 0, 0, 4, 5, 5, 7, 5, 7]);
});

test("rows don't depend on each other", () => {
  expect([...attentionSpans([1, 2, 2, 1], 2)]).toEqual([0, 1, 1, 2, 0, 1, 1, 2]);
  expect([...documentBegins([1, 2, 2, 1], 2, 2)]).toEqual([0, 1]);
});
