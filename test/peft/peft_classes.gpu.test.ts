import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { PeftConfig, PeftModel, type PreTrainedModel, VeraConfig, VeraModel } from '../../src/index';
import type { PageKind } from '../../src/page/adapters/page_kind';
import { PAGE_KINDS } from '../../src/page/adapters/page_kinds';
import { edited } from '../helpers/bytes/edited';
import { loadMlp } from '../helpers/models/mlp';
import { logitsOf, randomVera } from '../helpers/peft';
import { openTestSession, type TestSession } from '../helpers/session/session';

const init = { r: 8, target_modules: ['lin0', 'lin1'], base_model_name_or_path: 'org/base' };

let opened: TestSession;
let base: PreTrainedModel;
let adapted: VeraModel;
beforeAll(async () => {
  opened = await openTestSession();
  base = await loadMlp(opened);
  adapted = await randomVera(base, init);
});
beforeEach(() => {
  opened.warnings.length = 0;
});
afterAll(() => opened.session.close());

test("PeftModel.from_pretrained gives a model of the file's kind", async () => {
  const model = await PeftModel.from_pretrained(base, await adapted.save_pretrained(), 'mine', true);
  expect(model).toBeInstanceOf(VeraModel);
  expect(model.active_adapters).toEqual(['mine']);
  expect(model.peft_config.mine?.peft_type).toBe('VERA');
  expect(model.get_model_status().requires_grad).toEqual({ mine: true });
  expect(await logitsOf(model)).toEqual(await logitsOf(adapted));
});

test('an adapter of another method is refused, with the method that it is of', async () => {
  const loha = await edited(await adapted.save_pretrained(), {
    config: (json) => Object.assign(json, { peft_type: 'LOHA' }),
  });
  const refused = (kinds: readonly PageKind[]) => {
    const rules = kinds.map(({ Config }) => Config.rules);
    return {
      code: 'invalid_format',
      message: `peft_type: expected ${rules.map(({ peft_type }) => `"${peft_type}"`).join(' or ')}, got "LOHA"`,
      hint: expect.stringContaining(`Only those of ${rules.map(({ method }) => method).join(' and ')} can be loaded`),
      detail: { peft_type: 'LOHA', supported: rules.map(({ peft_type }) => peft_type) },
    };
  };
  const { session } = opened;
  const ofVera = refused(PAGE_KINDS.filter(({ modelType }) => modelType === 'VeraModel'));
  await expect(PeftModel.from_pretrained(base, loha)).rejects.toMatchObject(refused(PAGE_KINDS));
  await expect(VeraModel.from_pretrained(base, loha)).rejects.toMatchObject(ofVera);
  await expect(adapted.load_adapter(loha, 'loha')).rejects.toMatchObject(refused(PAGE_KINDS));
  await expect(PeftConfig.from_pretrained(loha, { session })).rejects.toMatchObject(refused(PAGE_KINDS));
  expect(Object.keys(adapted.peft_config)).toEqual(['default']);
});

test('PeftConfig.from_pretrained reads the configuration, wherever it lies, and nothing else', async () => {
  const { session } = opened;
  const files = await adapted.save_pretrained({ id: 'kept' });
  const expected = new VeraConfig({ ...init, inference_mode: true });
  const alone = { files: new Map([['adapter_config.json', files['adapter_config.json']]]) };
  for (const source of [files, alone, { id: 'kept' }]) {
    const config = await PeftConfig.from_pretrained(source, { session });
    expect(config).toBeInstanceOf(VeraConfig);
    expect(config).toEqual(expected);
    expect(config.base_model_name_or_path).toBe('org/base');
  }
  await expect(PeftConfig.from_pretrained({ files: new Map() }, { session })).rejects.toMatchObject({
    code: 'not_found',
    message: 'Expected adapter_config.json in the given files, but there is no such file',
  });
  await expect(PeftConfig.from_pretrained({ id: 'other' }, { session })).rejects.toMatchObject({ code: 'not_found' });
});

test("PeftConfig.from_pretrained gives PEFT's warnings", async () => {
  const { session } = opened;
  const files = await edited(await adapted.save_pretrained(), {
    config: (json) => Object.assign(json, { save_projection: false, made_by: 'me', peft_version: '0.21.2' }),
  });
  await PeftConfig.from_pretrained(files, { session });
  expect(opened.warnings).toEqual(['ignored_config', 'projection_not_saved']);
});

test('merge_and_unload(progressbar=True) reports on the console while weights are merged', async () => {
  const model = await PeftModel.from_pretrained(base, await adapted.save_pretrained());
  const told = vi.spyOn(console, 'info').mockImplementation(() => {});
  try {
    await model.merge_and_unload(true);
    expect(told.mock.calls).toEqual([
      ['webvera: Unloading and merging model: 50% (1/2)'],
      ['webvera: Unloading and merging model: 100% (2/2)'],
    ]);
  } finally {
    told.mockRestore();
  }
});
