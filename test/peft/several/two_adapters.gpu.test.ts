import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import { type AdapterSource, AutoModelForCausalLM, get_peft_model, VeraConfig, VeraModel } from '../../../src/index';
import {
  comparableConfig,
  goldenAdapter,
  goldenAdapters,
  goldenBase,
  goldenTensors,
  largestDifference,
} from '../../helpers/golden/golden';
import { expectGoldenLogits, expectGoldenStep } from '../../helpers/golden/golden_steps';
import { adaptersOf } from '../../helpers/peft';
import { bytesOf, openTestSession, vectorsOf } from '../../helpers/session/session';

const cases = new URL('../../golden/cases/', import.meta.url);
const folders = { default: 'adapters', other: 'adapters/other' } as const;

/** Serves the golden cases' folders. Addresses on the hub also contain an owner and a branch. */
const opened = await openTestSession({
  fetch: async (input) => {
    const { pathname } = new URL(String(input));
    const path = pathname.replace(/^\/(owner\/)?/, '').replace('/resolve/main/', '/');
    return new Response(readFileSync(new URL(path, cases)));
  },
});
const messages: string[] = [];
opened.session.addEventListener('warning', ({ message }) => messages.push(message));
afterAll(() => opened.session.close());

describe.each(['two_adapters_llama', 'two_adapters_gpt2'])('%s', async (name) => {
  const golden = goldenAdapters(name);
  const { inputs, tolerance } = golden;
  const tensors = goldenTensors(name);
  const base = await AutoModelForCausalLM.from_pretrained(goldenBase(golden.base), { session: opened.session });

  const expectStep = (step: string, model: VeraModel): Promise<void> => expectGoldenStep(model, name, step);

  async function both(source = (adapter: 'default' | 'other'): AdapterSource => goldenAdapter(name, folders[adapter])) {
    const model = await VeraModel.from_pretrained(base, source('default'));
    await model.load_adapter(source('other'), 'other');
    await expectShared(model);
    return model;
  }

  async function expectShared(model: VeraModel): Promise<void> {
    const [one, two] = await adaptersOf(model);
    expect(two!.projections === one!.projections).toBe(golden.projections_shared);
  }

  test('switched, both at once, switched off, saved, one deleted, loaded anew', async () => {
    const model = await both();
    await expectGoldenLogits(base, name, 'base');
    await expectStep('first_active', model);
    await model.set_adapter('other');
    await expectStep('second_active', model);
    await model.set_adapter('default');
    await expectStep('first_again', model);
    await model.set_adapter(['default', 'other']);
    await expectStep('both_active', model);
    await model.set_adapter('other');
    await model.disable_adapter(() => expectStep('disabled', model));
    await expectStep('second_active', model);

    const saved = {
      default: await model.save_pretrained({ adapter_name: 'default' }),
      other: await model.save_pretrained({ adapter_name: 'other' }),
    };
    for (const adapter of ['default', 'other'] as const) {
      const theirs = goldenAdapter(name, folders[adapter]).files;
      const ours = saved[adapter];
      expect(await bytesOf(ours['adapter_model.safetensors'])).toEqual(
        await bytesOf(theirs.get('adapter_model.safetensors')!),
      );
      expect(comparableConfig(await ours['adapter_config.json'].text())).toEqual(
        comparableConfig(await theirs.get('adapter_config.json')!.text()),
      );
    }

    messages.length = 0;
    await model.delete_adapter('other');
    expect(messages).toEqual(golden.warnings);
    await expectStep('second_deleted', model);
    await expect(model.set_adapter('other')).rejects.toMatchObject({ code: 'invalid_argument' });

    const anew = await both((adapter) => saved[adapter]);
    await expectStep('reloaded_first', anew);
    await anew.set_adapter('other');
    await expectStep('reloaded_second', anew);
    await expectGoldenLogits(base, name, 'base');
  });

  test.each([
    ['folders of a repository', (folder: string) => ({ repo: `owner/${name}`, subfolder: folder })],
    ['addresses of folders', (folder: string) => new URL(`https://files.test/${name}/${folder}/`)],
  ] as const)('loaded from %s', async (_, source) => {
    const model = await both((adapter) => source(folders[adapter]));
    await expectStep('reloaded_first', model);
    await model.set_adapter('other');
    await expectStep('reloaded_second', model);
  });

  test('a second fresh adapter takes the projections of the first, wider ones too', async () => {
    const model = await get_peft_model(base, new VeraConfig(golden.adapters.default));
    await model.add_adapter('other', new VeraConfig(golden.adapters.other));
    await expectShared(model);
    for (const adapter of ['default', 'other'] as const) {
      const files = goldenAdapter(name, folders[adapter]).files;
      const theirs = await vectorsOf({
        'adapter_config.json': files.get('adapter_config.json')!,
        'adapter_model.safetensors': files.get('adapter_model.safetensors')!,
      });
      const ours = await vectorsOf(await model.save_pretrained({ adapter_name: adapter }));
      expect([...ours.keys()]).toEqual([...theirs.keys()]);
      for (const projection of ['base_model.vera_A', 'base_model.vera_B']) {
        expect(ours.get(projection), `${adapter}, ${projection}`).toEqual(theirs.get(projection));
      }
    }
  });

  test('a row each: the first, the second, none', async () => {
    const model = await both();
    const { input_ids, attention_mask } = inputs.batch;
    const row = (values: readonly (readonly number[])[], index: number) => values[index % values.length]!;
    const order = ['default', 'other', '__base__', 'other', 'default'];
    const steps: Record<string, string> = { default: 'first_active', other: 'second_active', __base__: 'base' };
    const { logits } = await model.forward({
      input_ids: order.map((_, index) => row(input_ids, index)),
      attention_mask: order.map((_, index) => row(attention_mask, index)),
      adapter_names: order,
    });
    const size = logits.data.length / order.length;
    order.forEach((adapter, index) => {
      const at = (index % input_ids.length) * size;
      const expected = tensors.get(`${steps[adapter]}.logits`)!.subarray(at, at + size);
      const difference = largestDifference(logits.data.subarray(index * size, (index + 1) * size), expected);
      expect(difference, `row ${index}, ${adapter}`).toBeLessThanOrEqual(tolerance.logits_abs);
    });
  });
});
