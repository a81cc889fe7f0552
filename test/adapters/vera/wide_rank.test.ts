import { expect, test } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { veraKind } from '../../../src/adapters/vera/kind';
import type { Warning } from '../../../src/core/errors/warning';
import type { Architecture } from '../../../src/models/architecture';

/** A model of two layers, whose largest dimension is 96. */
const model = {
  config: { model_type: 'llama' },
  modules: [
    { name: 'layers.0.up', type: 'Linear', in_features: 32, out_features: 96 },
    { name: 'layers.0.down', type: 'Linear', in_features: 96, out_features: 32 },
  ],
  head: { outputEmbedding: undefined, modules: [] },
  weights: [],
  tied: new Map(),
} as unknown as Architecture;

function warningsOf(r: number): readonly Warning[] {
  const warnings: Warning[] = [];
  const warn = (warning: Warning): void => void warnings.push(warning);
  veraKind.resolve(new VeraConfig({ r, target_modules: ['up', 'down'] }), model, { later: false, warn });
  return warnings;
}

test('a rank far above every dimension of the layers gives a warning', () => {
  expect(warningsOf(100_000)).toEqual([
    {
      code: 'wide_rank',
      message:
        'r: 100000 is far above the dimensions of the layers, at most 96: it takes time and memory, and learns little more than r: 96',
    },
  ]);
});

test('a rank of up to four times the largest dimension gives none', () => {
  expect(warningsOf(4 * 96)).toEqual([]);
  expect(warningsOf(4 * 96 + 1)).toHaveLength(1);
});
