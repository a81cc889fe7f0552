import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  get_peft_model,
  Trainer,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../../src/index';
import { goldenBase, largestDifference } from '../../helpers/golden/golden';
import { openTestSession } from '../../helpers/session/session';

interface Row {
  readonly base: string;
  readonly config: VeraConfigInit;
  readonly wrapped: readonly string[];
  readonly warnings?: readonly string[];
}

const { rows } = JSON.parse(readFileSync('test/golden/targeting.json', 'utf8')) as { readonly rows: readonly Row[] };
const input_ids = [
  [5, 6, 7, 8, 9, 3, 4, 11],
  [20, 21, 22, 23, 24, 25, 26, 27],
];
const TOLERANCE = 1e-4;

const opened = await openTestSession();
const { session } = opened;
afterAll(() => session.close());

const recorded = (base: string): readonly [string, VeraConfigInit, Row | undefined] => {
  const row = rows.find((each) => each.base === base && [each.config.target_modules].flat().includes('lm_head'));
  return [base, row?.config ?? {}, row];
};

describe.each([
  recorded('base/llama'),
  recorded('base/gpt2'),
  ['base/llama3-tied', { target_modules: ['v_proj', 'lm_head'] }, undefined] as const,
  ['base/opt-postnorm', { target_modules: ['project_in', 'lm_head'] }, undefined] as const,
])('an adapter on the head of %s', async (name, init, row) => {
  const base = await AutoModelForCausalLM.from_pretrained(goldenBase(name), { session });
  const logitsOf = async (model: typeof base) => (await model.forward({ input_ids })).logits.data;
  const warnings: string[] = [];
  session.addEventListener('warning', ({ message }) => warnings.push(message));
  const model = await get_peft_model(base, new VeraConfig({ ...init, r: 4 }));
  const told = [...warnings];
  const plain = await logitsOf(base);

  test('wraps and warns as PEFT does', () => {
    const wrapped = model.get_layer_status().map((status) => status.name.replace(/^model\./, ''));
    expect(wrapped).toContain('lm_head');
    if (row === undefined) return;
    expect(wrapped).toEqual(row.wrapped);
    expect(told).toEqual(row.warnings ?? []);
  });

  test('begins as the base model, learns, and leaves the base model alone', async () => {
    expect(await logitsOf(model)).toEqual(plain);
    const args = { max_steps: 4, learning_rate: 0.1, warmup_ratio: 0 };
    const before = (await model.forward({ input_ids, labels: input_ids })).loss!;
    await new Trainer({ model, args, train_dataset: input_ids.map((ids) => ({ input_ids: ids })) }).train();
    expect((await model.forward({ input_ids, labels: input_ids })).loss!).toBeLessThan(before - 0.1);
    const delta = await model.get_delta_weight('lm_head');
    expect(delta.dims).toEqual([Number(base.config.vocab_size), delta.dims[1]]);
    expect(delta.data.some((value) => Math.abs(value) > 1e-3)).toBe(true);
    expect(await logitsOf(base)).toEqual(plain);
  });

  test('is the same from its files, and merged: the embedding stays when the head was tied to it', async () => {
    const adapted = await logitsOf(model);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    expect(await logitsOf(loaded)).toEqual(adapted);
    await loaded.merge_adapter();
    expect(largestDifference(await logitsOf(loaded), adapted)).toBeLessThanOrEqual(TOLERANCE);
    await loaded.unmerge_adapter();
    expect(await logitsOf(loaded)).toEqual(adapted);
    const merged = await loaded.merge_and_unload();
    expect(largestDifference(await logitsOf(merged), adapted)).toBeLessThanOrEqual(TOLERANCE);
    expect(merged.config.tie_word_embeddings).toBe(false);
    expect(await logitsOf(base)).toEqual(plain);
  });
});
