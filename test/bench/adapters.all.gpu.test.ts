import { expect, test } from 'vitest';
import { measureAdapters } from '../../bench/index';
import { modelFiles } from '../../bench/workload/random_models.mjs';
import { sessionGpu } from '../helpers/session/session_gpu';

test('measures batches whose rows have adapters of their own, and switching', async () => {
  const shared = sessionGpu();
  const sizes = { num_attention_heads: 2, num_key_value_heads: 1, vocab_size: 48 };
  const files = modelFiles({ ...sizes, hidden_size: 32, intermediate_size: 48, num_hidden_layers: 2 }, 128);
  const rounds: number[] = [];
  const { mixed, together, switching, device } = await measureAdapters(shared.gpu, {
    files,
    r: 4,
    target_modules: ['q_proj', 'down_proj'],
    tokens: 16,
    adapters: 6,
    rounds: 2,
    sampleSeconds: 0.001,
    onProgress: (done, total) => rounds.push(done / total),
  });
  const { base, single } = mixed;
  expect(mixed).toMatchObject({ rows: 6, tokens: 16 });
  for (const { seconds } of [base, single, mixed.mixed]) expect(seconds).toBeGreaterThan(0);
  for (const ratio of Object.values(mixed.ratios)) expect(ratio).toBeGreaterThan(0);
  expect(single.dispatches).toBeGreaterThan(base.dispatches);
  // The trained values of each adapter are copied into a common buffer, and the adapters run after the base model's matrix products.
  expect(mixed.mixed.dispatches).toBeGreaterThanOrEqual(single.dispatches + 6);
  // In each of two layers, the matrices A and B have 4·32 and 32·4 elements for q, and 4·48 and 32·4 for down. A matrix product has two
  // operations for each element and token. Other operations are few.
  const tokens = 6 * 16;
  const matrices = 2 * 2 * tokens * (4 * 32 + 32 * 4 + 4 * 48 + 32 * 4);
  for (const { flops } of [single, mixed.mixed]) {
    expect(flops - base.flops).toBeGreaterThanOrEqual(matrices);
    expect(flops - base.flops).toBeLessThan(1.2 * matrices);
  }

  expect(together).toMatchObject({ rows: 6, tokens: 16 });
  for (const { seconds } of [together.single, together.together]) expect(seconds).toBeGreaterThan(0);
  expect(together.together_to_single).toBeGreaterThan(0);
  // For the same rows, several adapters need as many matrix products as one. But only a single adapter may be merged into its layers.
  expect(together.together.flops).toBeGreaterThan(0.9 * together.single.flops);
  expect(together.together.flops).toBeLessThan(2 * together.single.flops);

  const { back_and_forth, around, build, load } = switching;
  expect(back_and_forth).toMatchObject({ bytes: 0, first_bytes: 0 });
  expect(around).toMatchObject({ bytes: 0, first_bytes: 256 * build.dispatches });
  expect(build.dispatches).toBe(single.dispatches);
  // λ_b and λ_d of two modules in two layers, without A and B.
  expect(load.bytes).toBe(4 * 2 * (32 + 4 + 32 + 4));
  expect(load.file_bytes).toBeGreaterThan(load.bytes);
  for (const seconds of [build.seconds, load.seconds, around.forward_seconds]) expect(seconds).toBeGreaterThan(0);
  expect(rounds).toEqual(Array.from({ length: 10 }, (_, index) => (index + 1) / 10));
  expect(device.description).toMatch(/\w/);
  expect(shared.liveBytes()).toBe(0);
});
