import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  AutoModelForCausalLM,
  type PreTrainedModel,
  VeraConfig,
  type VeraConfigInit,
  VeraModel,
} from '../../../src/index';
import { goldenBase } from '../../helpers/golden/golden';
import { changedFiles, randomAdapter } from '../../helpers/models/random_adapter';
import { distance, logitsOf, TOLERANCE, train } from '../../helpers/peft';
import { openTestSession, type TestSession } from '../../helpers/session/session';

/** A base model without biases. */
const LLAMA = 'base/llama';
const config = { r: 8, target_modules: ['q_proj', 'v_proj'] };

let opened: TestSession;
let base: PreTrainedModel;
const messages: string[] = [];
beforeAll(async () => {
  opened = await openTestSession();
  base = await AutoModelForCausalLM.from_pretrained(goldenBase(LLAMA), { session: opened.session });
  opened.session.addEventListener('warning', ({ message }) => messages.push(message));
});
beforeEach(() => {
  messages.length = 0;
});
afterAll(() => opened.session.close());

describe('add_weighted_adapter', () => {
  test.each<[string, VeraConfigInit]>([
    ['a bias mode', { bias: 'vera_only' }],
    ['a list of no modules', { modules_to_save: [] }],
    ['no training', { inference_mode: true }],
  ])('of a first adapter whose configuration asks for %s where there is nothing of it', async (_, more) => {
    const files = await randomAdapter(base, new VeraConfig({ ...config, ...more }), 1);
    const model = await VeraModel.from_pretrained(base, files, { adapter_name: 'first' });
    await model.load_adapter(await randomAdapter(base, new VeraConfig(config), 2), 'second');
    await model.add_weighted_adapter(['first', 'second'], [1, 0], 'sum');
    expect(model.peft_config.sum).toMatchObject({ bias: 'none', modules_to_save: null, inference_mode: false });
    const first = await logitsOf(model);
    await model.set_adapter('sum');
    expect(await distance(model, first)).toBe(0);
    await train(model);
    expect(await distance(model, first)).toBeGreaterThan(TOLERANCE.merge);
  });

  test('of A and B that no key gives: says so, and of no file that there is none of', async () => {
    const files = await changedFiles(await randomAdapter(base, new VeraConfig(config), 1), (name, numbers) => {
      if (name === 'base_model.vera_A') numbers.set(numbers.map((value) => 2 * value));
    });
    const model = await VeraModel.from_pretrained(base, files, { adapter_name: 'first' });
    const [told] = messages.splice(0);
    await model.add_weighted_adapter(['first'], [0.5], 'sum');
    expect(messages).toEqual([told]);
    expect(told).toMatch(/^vera_A and vera_B differ from what projection_prng_key 0 gives\./);
  });
});
