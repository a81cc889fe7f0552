import { expect, test } from 'vitest';
import { Breather } from '../../../src/core/async/breather';
import { rowOfExample } from '../../../src/tasks/causal_lm/row_of_example';

test.each([
  ['a file', { image: new Blob(['a'], { type: 'image/png' }), label: 0 }],
  ['pixels', { image: { width: 1, height: 1, data: new Uint8Array(4) } }],
  ['numbers', { pixel_values: { dims: [3, 1, 1], data: new Float32Array(3) } }],
])('a language model refuses an image: %s', async (_, example) => {
  const options = { tokenizer: undefined, vocabSize: 10, completionOnly: null, breather: new Breather() };
  await expect(rowOfExample(example, 'example 0', options)).rejects.toMatchObject({
    code: 'invalid_argument',
    message: 'example 0: expected a text, got an image',
  });
});
