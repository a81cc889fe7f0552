import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createArchitecture } from '../../src/tasks/task_registry';

const headOf = (base: string, task: 'sequence_classification' | 'image_classification' | 'causal_lm') =>
  createArchitecture(JSON.parse(readFileSync(`test/golden/base/${base}/config.json`, 'utf8')), task).head;

test.each([
  ['bert', 'sequence_classification', 'classifier'],
  ['roberta', 'sequence_classification', 'classifier.out_proj'],
  ['distilbert', 'sequence_classification', 'classifier'],
  ['modernbert', 'sequence_classification', 'classifier'],
  ['gpt2', 'sequence_classification', 'score'],
  ['llama', 'sequence_classification', 'score'],
  ['gpt-neox', 'sequence_classification', 'score'],
  ['vit', 'image_classification', 'classifier'],
  ['dinov2', 'image_classification', 'classifier'],
  ['clip', 'image_classification', 'classifier'],
  ['siglip', 'image_classification', 'classifier'],
] as const)('the last layer of the head of %s, for %s, makes logits of its features', (base, task, expected) => {
  const { lastLayer, features, outputs, weights } = headOf(base, task);
  expect(lastLayer).toBe(expected);
  expect(weights.find(({ name }) => name === `${expected}.weight`)?.shape).toEqual([outputs, features?.size]);
});

test('the head of a language model has none to solve for', () => {
  expect(headOf('gpt2', 'causal_lm')).not.toHaveProperty('lastLayer');
});
