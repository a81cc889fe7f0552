import { afterAll, expect, test } from 'vitest';
import { AutoModelForCausalLM, IA3Model } from '../../../src/index';
import { goldenAdapter, goldenAdapters, goldenBase } from '../../helpers/golden/golden';
import { expectGoldenStep } from '../../helpers/golden/golden_steps';
import { bytesOf, openTestSession } from '../../helpers/session/session';

const MODEL = 'adapter_model.safetensors';
const opened = await openTestSession();
const { session } = opened;
const messages: string[] = [];
session.addEventListener('warning', ({ message }) => messages.push(message));
afterAll(() => session.close());

test('two adapters: switched, multiplied, summed, saved, one deleted, loaded anew', async () => {
  const name = 'two_adapters_ia3';
  const folders = { default: 'adapters', other: 'adapters/other' } as const;
  const golden = goldenAdapters(name);
  const base = await AutoModelForCausalLM.from_pretrained(goldenBase(golden.base), { session });

  const expectStep = (step: string, model: IA3Model): Promise<void> => expectGoldenStep(model, name, step);
  const model = await IA3Model.from_pretrained(base, goldenAdapter(name, folders.default));
  await model.load_adapter(goldenAdapter(name, folders.other), 'other');
  await expectStep('first_active', model);
  await model.set_adapter('other');
  await expectStep('second_active', model);
  await model.set_adapter(['default', 'other']);
  await expectStep('both_active', model);
  await model.set_adapter('other');
  await model.disable_adapter(() => expectStep('disabled', model));
  await model.add_weighted_adapter(['default', 'other'], [0.75, 0.4], 'sum');
  await model.set_adapter('sum');
  await expectStep('weighted', model);
  await model.delete_adapter('sum');
  await model.set_adapter('other');
  const files = {
    default: await model.save_pretrained({ adapter_name: 'default' }),
    other: await model.save_pretrained({ adapter_name: 'other' }),
  };
  for (const adapter of ['default', 'other'] as const) {
    const theirs = goldenAdapter(name, folders[adapter]).files;
    expect(await bytesOf(files[adapter][MODEL])).toEqual(await bytesOf(theirs.get(MODEL)!));
  }
  messages.length = 0;
  await model.delete_adapter('other');
  expect(golden.warnings).toEqual(expect.arrayContaining(messages));
  expect(messages).toHaveLength(1);
  await expectStep('second_deleted', model);
  const anew = await IA3Model.from_pretrained(base, files.default);
  await anew.load_adapter(files.other, 'other');
  await expectStep('reloaded_first', anew);
  await anew.set_adapter('other');
  await expectStep('reloaded_second', anew);
});
