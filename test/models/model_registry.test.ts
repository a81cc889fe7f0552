import { expect, test } from 'vitest';
import type { PretrainedConfig } from '../../src/core/types/model';
import { createNetwork } from '../../src/models/model_registry';

test.each([
  [{}, 'got nothing', '"model_type": "bert"'],
  [{ model_type: null }, 'got nothing', '"model_type": "bert"'],
  [{ model_type: 'mamba' }, 'got "mamba"', 'a supported architecture'],
  [{ model_type: 5 }, 'got 5', 'a supported architecture'],
])('a config.json with %j is unsupported_model, with a hint', (json, got, hint) => {
  const config = json as unknown as PretrainedConfig;
  expect(() => createNetwork(config, {})).toThrow(
    expect.objectContaining({
      code: 'unsupported_model',
      message: expect.stringContaining(got),
      hint: expect.stringContaining(hint),
    }),
  );
});
