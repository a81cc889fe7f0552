import { afterAll, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { AutoModelForCausalLM, LoraConfig, LoraModel } from '../../../src/index';
import {
  goldenAdapter,
  goldenAdapters,
  goldenBase,
  goldenTensors,
  largestDifference,
} from '../../helpers/golden/golden';
import { expectGoldenLogits } from '../../helpers/golden/golden_steps';
import { bytesOf, openTestSession } from '../../helpers/session/session';

const NAME = 'two_adapters_lora';
const WEIGHTS = [0.7, -0.4] as const;

const golden = goldenAdapters(NAME);
const tensors = goldenTensors(NAME);
const { inputs, tolerance } = golden;
const opened = await openTestSession();
afterAll(() => opened.session.close());
const base = await AutoModelForCausalLM.from_pretrained(goldenBase(golden.base), { session: opened.session });

async function both(): Promise<LoraModel> {
  const model = await LoraModel.from_pretrained(base, goldenAdapter(NAME, 'adapters'));
  await model.load_adapter(goldenAdapter(NAME, 'adapters/other'), 'other');
  return model;
}

const expectStep = (step: string, model: LoraModel): Promise<void> => expectGoldenLogits(model, NAME, step);

test('switched, both at once, switched off, one deleted, as PEFT has it', async () => {
  const model = await both();
  await expectStep('first_active', model);
  await model.set_adapter('other');
  await expectStep('second_active', model);
  await model.disable_adapter(() => expectStep('disabled', model));
  await model.set_adapter(['default', 'other']);
  await expectStep('both_active', model);
  const before = opened.warnings.length;
  await model.delete_adapter('other');
  expect(opened.warnings.slice(before)).toEqual([]); // 'default' is still active
  expect(Object.keys(model.peft_config)).toEqual(['default']);
  await expectStep('second_deleted', model);
});

test('merged one after the other, a model gives what both give together', async () => {
  const model = await both();
  await model.merge_adapter({ adapter_names: ['default', 'other'] });
  await expectStep('both_active', model);
  await model.unmerge_adapter();
  await expectStep('first_active', model);
});

test('a row each: the second and none, as PEFT gives them', async () => {
  const model = await both();
  const { logits } = await model.forward({ ...inputs.batch, adapter_names: ['other', '__base__'] });
  expect(largestDifference(logits.data, tensors.get('rows.logits')!)).toBeLessThanOrEqual(tolerance.logits_abs);
});

test('rows of one batch get what each adapter gives alone, with the bias of lora_B', async () => {
  const model = await both();
  await model.add_adapter('biased', new LoraConfig({ r: 3, lora_bias: true, init_lora_weights: false }));
  const alone = async (name: string) => {
    await model.set_adapter(name);
    return (await model.forward(inputs.batch)).logits.data;
  };
  const [first, biased] = [await alone('default'), await alone('biased')];
  const { logits } = await model.forward({ ...inputs.batch, adapter_names: ['biased', 'default'] });
  const half = logits.data.length / 2;
  expect(largestDifference(logits.data.slice(0, half), biased.slice(0, half))).toBeLessThan(1e-5);
  expect(largestDifference(logits.data.slice(half), first.slice(half))).toBeLessThan(1e-5);
});

describe('a weighted sum', () => {
  test.each([
    ['linear', undefined],
    ['cat', undefined],
    ['svd', undefined],
    ['svd', 2],
  ] as const)('by %s, of rank %s, gives what PEFT’s gives, and can be saved and loaded', async (way, rank) => {
    const model = await both();
    await model.add_weighted_adapter(['default', 'other'], WEIGHTS, 'sum', way, rank);
    const { sum } = model.peft_config;
    const r = rank ?? (way === 'cat' ? 8 : 4);
    expect(sum).toMatchObject({ r, lora_alpha: r, target_modules: ['down_proj', 'q_proj', 'up_proj', 'v_proj'] });
    await model.set_adapter('sum');
    const step = `by_${way}_${rank ?? 'None'}`;
    await expectStep(step, model);
    const again = await LoraModel.from_pretrained(base, await model.save_pretrained());
    await expectStep(step, again);
  });

  test('by default is the best of the largest rank, as PEFT’s', async () => {
    const model = await both();
    await model.add_weighted_adapter(['default', 'other'], WEIGHTS, 'sum');
    await model.set_adapter('sum');
    await expectStep('by_svd_None', model);
  });

  test('of one adapter has its matrices by the root of its weight', async () => {
    const model = await both();
    await model.add_weighted_adapter(['default'], [-2], 'sum', 'cat');
    const tensorOf = async (adapter_name: string, name: string) => {
      const files = await model.save_pretrained({ adapter_name });
      const raw = readSafetensors(await bytesOf(files['adapter_model.safetensors'])).tensors.get(name)!;
      return new Float32Array(raw.bytes.slice().buffer);
    };
    const name = 'base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight';
    const [before, after] = [await tensorOf('default', name), await tensorOf('sum', name)];
    // PEFT multiplies each number by √|−2 · 6/4| in float32.
    expect(after).toEqual(before.map((value) => Math.fround(Math.fround(Math.sqrt(3)) * value)));
  });

  test.each([
    [['ties'], "combination_type: expected 'svd', 'linear' or 'cat', got \"ties\""],
    [['dare_linear_svd'], "combination_type: expected 'svd', 'linear' or 'cat', got \"dare_linear_svd\""],
    [['foo'], 'Invalid combination_type: foo'],
    [['svd', 0], /svd_rank/],
    [['svd', 2, 0.5], /no more arguments/],
  ] as const)('refuses %j', async (args, message) => {
    const model = await both();
    const sum = (model.add_weighted_adapter as (...all: unknown[]) => Promise<void>).bind(model);
    await expect(sum(['default', 'other'], WEIGHTS, 'sum', ...args)).rejects.toThrow(message);
    expect(Object.keys(model.peft_config)).toEqual(['default', 'other']);
  });

  test('refuses what PEFT refuses', async () => {
    const model = await both();
    await model.add_adapter('wide', new LoraConfig({ r: 6, target_modules: ['q_proj'] }));
    await model.add_adapter('pattern', new LoraConfig({ r: 4, target_modules: '.*q_proj' }));
    const sum = (names: string[], way: 'linear' | 'cat') => model.add_weighted_adapter(names, WEIGHTS, 'sum', way);
    await expect(sum(['default', 'wide'], 'linear')).rejects.toThrow(
      'All adapters must have the same r value when using combination_type linear, ties, dare_ties or dare_linear.',
    );
    await expect(sum(['default', 'pattern'], 'cat')).rejects.toThrow(
      'all adapter configs should follow the same target modules type.',
    );
    await expect(sum(['default', 'nobody'], 'cat')).rejects.toThrow('Adapter nobody does not exist');
  });
});
