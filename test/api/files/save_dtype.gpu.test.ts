import { IDBFactory } from 'fake-indexeddb';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  estimate,
  get_peft_model,
  IA3Config,
  PeftModel,
  type PreTrainedModel,
  Profile,
  UniLoraConfig,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { goldenAdapter, goldenBase, goldenCase } from '../../helpers/golden/golden';
import { loadTiny, tinyFiles } from '../../helpers/models/tiny_llama';
import { habit, profileOptions, visit, weightsOf } from '../../helpers/session/profiles';
import { bytesOf, openTestSession, tensorsOf } from '../../helpers/session/session';

const MODEL = 'adapter_model.safetensors';
const opened = await openTestSession();
afterAll(() => opened.session.close());

const f16 = { save_dtype: 'float16' } as const;

async function lossOf(model: PreTrainedModel, name: string): Promise<number> {
  return (await model.forward(goldenCase(name).inputs.batch)).loss!;
}

/** The largest relative rounding error in float16 of a number that is at least 2⁻¹⁴. */
const HALF_UNIT = 2 ** -11;

describe('an adapter saved in float16', () => {
  test.each(['llama_qvud_big', 'gpt2_all_mid'])('%s increases its loss by a thousandth at most', async (name) => {
    const { session } = opened;
    const base = await AutoModelForCausalLM.from_pretrained(goldenBase(goldenCase(name).base), { session });
    const model = await VeraModel.from_pretrained(base, goldenAdapter(name, 'adapter'));
    const files = await model.save_pretrained(f16);
    const again = await VeraModel.from_pretrained(base, files);
    const [loss, rounded] = [await lossOf(model, name), await lossOf(again, name)];
    expect(rounded).not.toBe(loss);
    expect(Math.abs(rounded - loss)).toBeLessThan(1e-3 * loss);
    const [numbers, halves] = [await tensorsOf((await model.save_pretrained())[MODEL]), await tensorsOf(files[MODEL])];
    for (const [vector, values] of numbers) {
      const isFrozen = /vera_[AB]$/.test(vector);
      if (isFrozen) expect(halves.get(vector)).toEqual(values);
      else
        halves.get(vector)!.forEach((half, at) => {
          expect(Math.abs(half - values[at]!)).toBeLessThanOrEqual(
            HALF_UNIT * Math.max(2 ** -14, Math.abs(values[at]!)),
          );
        });
    }
    // Values that are already rounded to float16 stay as they are.
    expect(await bytesOf((await again.save_pretrained(f16))[MODEL])).toEqual(await bytesOf(files[MODEL]));
  });

  test('is stored under an id in the dtype in which it was saved', async () => {
    const model = await get_peft_model(await loadTiny(opened), new IA3Config({ init_ia3_weights: false }));
    const files = await model.save_pretrained({ id: 'half', ...f16 });
    const again = await PeftModel.from_pretrained(await loadTiny(opened), { id: 'half' });
    const numbers = await tensorsOf((await again.save_pretrained())[MODEL]);
    expect(numbers).toEqual(await tensorsOf(files[MODEL]));
  });

  test('another dtype is refused', async () => {
    const model = await get_peft_model(await loadTiny(opened), new IA3Config());
    await expect(model.save_pretrained({ save_dtype: 'bfloat16' as never })).rejects.toMatchObject({
      code: 'invalid_argument',
    });
  });

  test.each([
    new IA3Config({ modules_to_save: ['norm'] }),
    new UniLoraConfig({ theta_d_length: 77 }),
    new VeraConfig({ r: 4, bias: 'all' }),
    new VeraConfig({ r: 4, save_projection: false }),
  ])('has the estimated size: %j', async (config) => {
    const { session } = opened;
    const { file } = await estimate(tinyFiles(), { peft_config: { ...config } as never, session });
    const model = await get_peft_model(await loadTiny(opened), config);
    const sizes = async (files: Promise<AdapterFiles>) => (await files)[MODEL].size;
    expect(await sizes(model.save_pretrained())).toBe(file.float32);
    expect(await sizes(model.save_pretrained(f16))).toBe(file.float16);
  });
});

describe('a profile in float16', () => {
  beforeEach(() => void vi.stubGlobal('indexedDB', new IDBFactory()));
  afterEach(() => void vi.unstubAllGlobals());

  test.each([profileOptions, { ...profileOptions, peft_config: { peft_type: 'IA3' } } as const])(
    'takes half the bytes, and is the same in the next visit: $peft_config',
    async (options) => {
      const [wide, first] = await visit(async (session) => {
        const base = await loadTiny(session);
        const full = await Profile.open(base, 'full', options);
        const profile = await Profile.open(base, 'ada', { ...options, ...f16 });
        await profile.add(habit(1));
        expect((await profile.learn()).metrics).toMatchObject({ taken: 1 });
        return [(await weightsOf(full)).length, await weightsOf(profile)];
      });
      const numbers = await tensorsOf(new Blob([first.slice()]));
      const header = first.length - 2 * [...numbers.values()].reduce((sum, { length }) => sum + length, 0);
      expect(first.length - header).toBeLessThanOrEqual(wide / 2);
      await visit(async (session) => {
        const base = await loadTiny(session);
        const profile = await Profile.open(base, 'ada');
        expect(await weightsOf(profile)).toEqual(first);
        const copy = await Profile.import(base, await profile.export(), 'copy');
        expect(await weightsOf(copy)).toEqual(first);
        await profile.learn();
        const again = await weightsOf(profile);
        expect([again.length, again]).not.toEqual([first.length, first]);
        expect(again.length).toBe(first.length);
      });
    },
  );
});
