import { expect, test } from 'vitest';
import { transferables } from '../../../src/worker/rpc/serve';

test('finds every buffer of a result, each once', () => {
  const logits = new Float32Array(4);
  const shared = new Float32Array(8);
  const state = new Map([
    ['a', { dims: [2], data: shared.subarray(0, 2) }],
    ['b', { dims: [2], data: shared.subarray(2, 4) }],
  ]);
  expect(transferables({ logits: { dims: [4], data: logits }, loss: 1 })).toEqual([logits.buffer]);
  expect(transferables(state)).toEqual([shared.buffer]);
  expect(transferables([{ data: logits }, { data: shared }])).toEqual([logits.buffer, shared.buffer]);
});

test('ignores values without a buffer', () => {
  const files = { 'adapter_config.json': new Blob(['{}']) };
  for (const result of [undefined, null, 1, 'text', [1, 2, 3], files, new Float32Array(new SharedArrayBuffer(8))]) {
    expect(transferables(result)).toEqual([]);
  }
});
