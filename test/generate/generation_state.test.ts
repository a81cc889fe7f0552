import { expect, test } from 'vitest';
import type { ResolvedGenerationConfig } from '../../src/core/types/generation';
import { packGenerationBlocks } from '../../src/generate/generation_state';

test('a top_k beyond 32 bits keeps all tokens', () => {
  const config = { do_sample: true, seed: 0, temperature: 1, top_p: 1, repetition_penalty: 1 };
  const topK = (top_k: number): number =>
    packGenerationBlocks({ ...config, top_k } as ResolvedGenerationConfig, [1]).getUint32(24, true);
  expect([50, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER].map(topK)).toEqual([50, 2 ** 32 - 1, 2 ** 32 - 1]);
});
