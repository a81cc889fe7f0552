import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  type AdapterFiles,
  adapters,
  get_peft_model,
  type PreTrainedModel,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { stateDictFile } from '../../helpers/bytes/torch_bytes';
import { loadMlp } from '../../helpers/models/mlp';
import {
  addRandom,
  changed,
  distance,
  logitsOf,
  randomVera,
  savedOf,
  TOLERANCE,
  tensorsOf,
  train,
} from '../../helpers/peft';
import { bytesOf, openTestSession, type TestSession, vectorsOf } from '../../helpers/session/session';

const rows = [
  { target_modules: 'lin0' },
  { target_modules: ['lin1'] },
  { target_modules: ['lin0', 'lin1'] },
  { target_modules: ['lin0'], modules_to_save: ['lin1'] },
  { target_modules: ['lin0'], bias: 'vera_only' as const },
  { target_modules: ['lin0'], bias: 'all' as const, modules_to_save: ['lin1'] },
].map((config) => ({ ...config, r: 8 }));

/** Selects the warnings about tensors that a file lacks. */
const missing = (warnings: readonly string[]) => warnings.filter((code) => code.startsWith('missing'));

let opened: TestSession;
let base: PreTrainedModel;
beforeAll(async () => {
  opened = await openTestSession();
  base = await loadMlp(opened);
});
beforeEach(() => {
  opened.warnings.length = 0;
});
afterAll(() => opened.session.close());

describe.each(rows.map((row) => [JSON.stringify(row), row] as const))('%s', (_row, config) => {
  test('save/load: equal state dict, no missing-keys warning', async () => {
    const model = await randomVera(base, config);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    expect(changed(await savedOf(model), await savedOf(loaded))).toEqual([]);
    expect([...(await savedOf(loaded)).keys()]).toEqual([...(await savedOf(model)).keys()]);
    expect(changed(await tensorsOf(model), await tensorsOf(loaded))).toEqual([]);
    expect(missing(opened.warnings)).toEqual([]);
  });

  test('save/load: pickle variant, from files in any form', async () => {
    const model = await randomVera(base, config);
    const { 'adapter_config.json': json, 'adapter_model.safetensors': safe } = await model.save_pretrained();
    const { tensors } = readSafetensors(await bytesOf(safe));
    const files = { 'adapter_config.json': json, 'adapter_model.bin': new Blob([stateDictFile(tensors)]) };
    await adapters.import(files, 'of torch', { session: opened.session });
    for (const source of [files, { files: new Map(Object.entries(files)) }, { id: 'of torch' }]) {
      const loaded = await VeraModel.from_pretrained(base, source);
      expect(changed(await savedOf(model), await savedOf(loaded))).toEqual([]);
    }
    expect(missing(opened.warnings)).toEqual([]);
  });

  test('the right files are present, and no model.safetensors and config.json', async () => {
    const files = await (await randomVera(base, config)).save_pretrained();
    expect(Object.keys(files).toSorted()).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
  });

  test('round trip after init_weights=False', async () => {
    const model = await get_peft_model(base, new VeraConfig({ ...config, init_weights: false }));
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    expect(await distance(loaded, base)).toBeGreaterThan(TOLERANCE.merge);
    expect(await distance(loaded, model)).toBeLessThan(TOLERANCE.roundTrip);
  });

  test('round trip after three steps', async () => {
    const model = await get_peft_model(base, new VeraConfig(config));
    await train(model);
    expect(await distance(model, base)).toBeGreaterThan(TOLERANCE.merge);
    const loaded = await VeraModel.from_pretrained(base, await model.save_pretrained());
    expect(await distance(loaded, model)).toBeLessThan(TOLERANCE.merge);
  });

  test('several loads, none with missing keys', async () => {
    const biasless = { ...config, bias: 'none' as const };
    const files = await (await randomVera(base, biasless)).save_pretrained();
    const model = await VeraModel.from_pretrained(base, files);
    const first = await logitsOf(model);
    for (const name of ['again', 'more']) {
      await model.load_adapter(files, name);
      await model.set_adapter(name);
      expect(await distance(model, first)).toBe(0);
    }
    expect(missing(opened.warnings)).toEqual([]);
  });

  test('what is loaded trains only if that is asked for', async () => {
    const files = await (await randomVera(base, config)).save_pretrained();
    const still = await VeraModel.from_pretrained(base, files);
    expect(still.get_nb_trainable_parameters().trainable).toBe(0);
    await expect(train(still)).rejects.toMatchObject({ code: 'invalid_argument' });
    const learning = await VeraModel.from_pretrained(base, files, { is_trainable: true });
    await train(learning);
    expect(changed(await vectorsOf(files), await savedOf(learning)).length).toBeGreaterThan(0);
  });

  test('inference_mode says whether an adapter trains; in files it is true', async () => {
    const fresh = await randomVera(base, { ...config, bias: 'none' });
    const files = await fresh.save_pretrained();
    const model = await VeraModel.from_pretrained(base, files, { is_trainable: true });
    await model.load_adapter(files, 'still');
    await model.load_adapter(files, 'learning', { is_trainable: true });
    await model.add_adapter('fresh', new VeraConfig(config));
    await model.add_adapter('frozen', new VeraConfig({ ...config, bias: 'none', inference_mode: true }));
    const modes = Object.entries(model.peft_config).map(([name, { inference_mode }]) => [name, inference_mode]);
    expect(modes).toEqual([
      ['default', false],
      ['still', true],
      ['learning', false],
      ['fresh', false],
      ['frozen', true],
    ]);
    for (const [name, inference_mode] of modes) {
      await model.set_adapter(String(name));
      expect(model.get_nb_trainable_parameters().trainable === 0, String(name)).toBe(inference_mode);
      const saved = await model.save_pretrained();
      expect(JSON.parse(await saved['adapter_config.json'].text())).toMatchObject({ inference_mode: true });
    }
  });
});

describe('several adapters', () => {
  const config = { target_modules: ['lin0', 'lin1'], r: 8 };

  test('selected_adapters: an adapter is saved by name, the active one by default', async () => {
    const model = await randomVera(base, config);
    await addRandom(model, 'other', config);
    const same = (a: Map<string, Float32Array>, b: Map<string, Float32Array>) => changed(a, b).length === 0;
    expect(same(await savedOf(model), await savedOf(model, 'default'))).toBe(true);
    expect(same(await savedOf(model), await savedOf(model, 'other'))).toBe(false);
    await model.set_adapter('other');
    expect(same(await savedOf(model), await savedOf(model, 'other'))).toBe(true);
    await expect(model.save_pretrained({ adapter_name: 'none' })).rejects.toMatchObject({
      message: 'Adapter none not found.',
    });
  });

  test('names that are substrings of one another are not mixed up', async () => {
    const names = ['default', 'default2', 'other_default', 'efaul', 'lin0', 'vera_lambda_b'];
    const model = await randomVera(base, config);
    for (const [index, name] of names.slice(1).entries()) await addRandom(model, name, config, index + 2);
    const results = new Map<string, Float32Array>();
    const files = new Map<string, AdapterFiles>();
    for (const name of names) {
      await model.set_adapter(name);
      results.set(name, await logitsOf(model));
      files.set(name, await model.save_pretrained({ adapter_name: name }));
    }
    const [first] = files.values();
    const loaded = await VeraModel.from_pretrained(base, first!);
    for (const name of names.slice(1)) await loaded.load_adapter(files.get(name)!, name);
    for (const name of names.toReversed()) {
      await loaded.set_adapter(name);
      expect(await distance(loaded, results.get(name)!)).toBeLessThan(TOLERANCE.roundTrip);
      for (const other of names) {
        if (other === name) continue;
        expect(await distance(loaded, results.get(other)!)).toBeGreaterThan(TOLERANCE.merge);
      }
    }
    expect(missing(opened.warnings)).toEqual([]);
  });
});
