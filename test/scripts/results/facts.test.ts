import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SETTINGS } from '../../../scripts/results/tables/taught.mjs';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { USUAL } from '../../../src/core/numbers/usual_arguments';
import { veraPageKind } from '../../../src/page/adapters/vera/vera_model';
import { tableRows } from '../../helpers/bytes/tables';

test('facts are taught by the defaults of a profile', () => {
  const { r, learning_rate, per_device_train_batch_size } = SETTINGS;
  expect(r).toBe(new VeraConfig().r);
  expect(learning_rate).toBe(veraPageKind.learningRates.continues);
  expect(per_device_train_batch_size).toBe(USUAL.per_device_train_batch_size);
  expect(veraPageKind.profile.defaults).toMatchObject({ target_modules: 'all-linear', save_projection: false });
});

test('the guide to a choice has the figures of the table', () => {
  const table = tableRows('docs/RESULTS.md', 'Facts');
  const row = (model: string, epochs: number) => {
    const found = table.find(([name = '', , count]) => name.startsWith(model) && count === String(epochs));
    const [, , , , taught, otherwise, perplexity] = found ?? [];
    return { taught, otherwise, perplexity: Math.round(Number(perplexity)) };
  };
  const [large, small] = [(epochs: number) => row('SmolLM2', epochs), (epochs: number) => row('prose', epochs)];
  const guide = readFileSync('docs/guide/choose.md', 'utf8').replaceAll(/\s+/g, ' ');
  for (const words of [
    `knows ${large(3).taught} after 3 epochs and ${large(8).taught} after 8`,
    `in other words, ${large(3).otherwise} and ${large(8).otherwise}.`,
    `knows ${small(16).taught} after 16 epochs, and ${small(16).otherwise} in other words`,
    `from ${large(0).perplexity} to ${large(8).perplexity}, and from ${small(0).perplexity} to ${small(16).perplexity}.`,
  ]) {
    expect(guide).toContain(words);
  }
});
