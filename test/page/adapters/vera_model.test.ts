import { describe, expect, test } from 'vitest';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { get_peft_model } from '../../../src/page/adapters/peft_classes';
import { VeraModel } from '../../../src/page/adapters/vera/vera_model';
import { AutoModelForCausalLM } from '../../../src/page/models/auto_classes';
import type { PreTrainedModel } from '../../../src/page/models/remote_model';
import { eventually } from '../../helpers/eventually';
import type { FakeSession, Script } from '../../worker/fake_session';
import { modelInfo, type Opened, openSession, veraInfo } from '../session/open_session';

const config = new VeraConfig({ r: 4, target_modules: ['q_proj'] });
const files = {
  'adapter_config.json': new Blob(['{}']),
  'adapter_model.safetensors': new Blob([Uint8Array.of(1, 2)]),
};

async function loaded(
  script: (fake: () => FakeSession) => Script = () => ({}),
): Promise<Opened & { model: PreTrainedModel }> {
  const opened = await openSession((fake) => ({
    loadModel: async () => modelInfo,
    createAdapters: async (_model, name, fields) => veraInfo({ [name]: fields }, [name]),
    ...script(fake),
  }));
  const model = await AutoModelForCausalLM.from_pretrained('org/name', { session: opened.session });
  return Object.assign(opened, { model });
}

async function wrapped(
  script?: (fake: () => FakeSession) => Script,
): Promise<Opened & { vera: VeraModel; model: PreTrainedModel }> {
  const opened = await loaded(script);
  return Object.assign(opened, { vera: await get_peft_model(opened.model, config) });
}

describe('a VeRA model', () => {
  test('is made of a model and a config', async () => {
    const { vera, session, fake, model } = await wrapped();
    expect(vera).toBeInstanceOf(VeraModel);
    expect(vera.peft_config).toEqual({ default: config });
    expect(vera.peft_config.default).toBeInstanceOf(VeraConfig);
    expect(vera.active_adapters).toEqual(['default']);
    expect(vera.get_nb_trainable_parameters()).toEqual({ trainable: 12, all: 1000 });
    expect(vera.config).toBe(model.config);
    expect(vera.named_modules()).toBe(model.named_modules());
    expect(fake.argsOf('createAdapters')).toEqual([[modelInfo.model, 'default', { ...config }, {}]]);
    await session.close();
  });

  test("is saved under an id, and a folder's name is refused with a hint", async () => {
    const { vera, session } = await wrapped();
    await expect(vera.save_pretrained('mine' as never)).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: "Pass { id: 'mine' } to keep it in this browser.",
    });
    await session.close();
  });

  test('is made of a model that is loaded', async () => {
    const { model, session } = await loaded();
    await expect(VeraModel.from_pretrained('org/name' as never, './adapter/')).rejects.toMatchObject({
      hint: expect.stringContaining("await AutoModelForCausalLM.from_pretrained('org/name')"),
    });
    await expect(get_peft_model(Promise.resolve(model) as never, config)).rejects.toMatchObject({
      hint: 'Put await before it.',
    });
    await session.close();
  });

  test('computes under its own handle, and the base model under another', async () => {
    const { vera, model, session, fake } = await wrapped(() => ({
      forward: async () => ({ logits: { dims: [1, 1, 1], data: new Float32Array(1) } }),
    }));
    await vera.forward({ input_ids: [[1]] });
    await model.forward({ input_ids: [[1]] });
    expect(fake.argsOf('forward').map((args) => args[1])).toEqual([7, modelInfo.model]);
    await session.close();
  });

  test.each<[string, unknown, unknown, RegExp]>([
    ['a plain object for a config', undefined, { r: 4 }, /config: expected a VeraConfig.*, got an object with r/],
    ['something that is no model', {}, config, /model: expected a model from AutoModelForCausalLM/],
  ])('refuses %s', async (_case, given, init, message) => {
    const { model, session } = await loaded();
    const wrapping = get_peft_model((given ?? model) as PreTrainedModel, init as VeraConfig);
    await expect(wrapping).rejects.toMatchObject({ code: 'invalid_argument', message });
    await session.close();
  });

  test('is no base for another', async () => {
    const { vera, session } = await wrapped();
    await expect(get_peft_model(vera, config)).rejects.toMatchObject({
      code: 'invalid_argument',
      hint: /add_adapter or load_adapter/,
    });
    await session.close();
  });

  test('is loaded from files, from this device, or from a folder', async () => {
    const { model, session, fake } = await loaded(() => ({
      loadAdapters: async (_call, _model, name) => veraInfo({ [name]: { ...config } }, [name]),
    }));
    await VeraModel.from_pretrained(model, files, { adapter_name: 'mine', is_trainable: true });
    await VeraModel.from_pretrained(model, { id: 'my-style' });
    await VeraModel.from_pretrained(model, new URL('https://example.com/a/'), { projection_dtype: 'float16' });
    const peft_types = ['VERA'];
    expect(fake.argsOf('loadAdapters').map((args) => args.slice(1))).toEqual([
      [modelInfo.model, 'mine', files, { progress: false, peft_types, is_trainable: true }],
      [modelInfo.model, 'default', { id: 'my-style' }, { progress: false, peft_types }],
      [
        modelInfo.model,
        'default',
        { url: 'https://example.com/a/' },
        { progress: false, peft_types, own: { projection_dtype: 'float16' } },
      ],
    ]);
    await session.close();
  });

  test('that arrives after the abort is disposed of, but not its base model', async () => {
    const controller = new AbortController();
    const { model, session, fake } = await loaded(() => ({
      async loadAdapters(_call, _model, name) {
        controller.abort();
        await new Promise((resolve) => setTimeout(resolve, 10));
        return veraInfo({ [name]: { ...config } }, [name]);
      },
      dropAdapters: async () => {},
    }));
    const loading = VeraModel.from_pretrained(model, files, { signal: controller.signal });
    await expect(loading).rejects.toMatchObject({ name: 'AbortError' });
    await eventually(() => expect(fake.argsOf('dropAdapters')).toEqual([[7]]));
    expect(fake.argsOf('disposeModel')).toEqual([]);
    await session.close();
  });

  test("follows the worker's reports about its adapters", async () => {
    const two = { default: { ...config }, other: { ...config } };
    const { vera, session, fake } = await wrapped(() => ({
      addAdapter: async () => veraInfo(two, ['default']),
      loadAdapter: async () => veraInfo(two, ['default']),
      setAdapter: async (_model, names) => veraInfo(two, names),
      deleteAdapter: async () => veraInfo({ other: { ...config } }, ['other']),
    }));
    await vera.add_adapter('other', config);
    expect(Object.keys(vera.peft_config)).toEqual(['default', 'other']);
    expect(vera.active_adapters).toEqual(['default']);
    await vera.load_adapter(files, 'other');
    await vera.set_adapter('other');
    expect(vera.active_adapters).toEqual(['other']);
    await vera.delete_adapter('default');
    expect(Object.keys(vera.peft_config)).toEqual(['other']);
    for (const name of ['addAdapter', 'setAdapter', 'deleteAdapter'] as const)
      expect(fake.argsOf(name)[0]?.[0]).toBe(7);
    await session.close();
  });

  test.each<[string, boolean]>([
    ['until what it changes is prepared, and then no more', true],
    ['as the last weight is merged', false],
  ])('can be aborted %s', async (_, isLate) => {
    const controller = new AbortController();
    const { vera, session, fake } = await wrapped((current) => {
      let commit = (): void => {};
      return {
        async unloadAdapters(call) {
          const committed = new Promise<void>((resolve) => {
            commit = resolve;
          });
          current().emit({ type: 'merge', call, done: 1, total: 1 });
          current().emit({ type: 'prepared', call });
          await Promise.race([committed, current().untilCancelled(call)]);
          if (isLate) controller.abort('enough');
          return { ...modelInfo, model: 9 };
        },
        commit: async () => commit(),
      };
    });
    const { signal } = controller;
    const progressbar = (): void => {
      if (!isLate) controller.abort('enough');
    };
    const unloading = vera.merge_and_unload({ signal, progressbar });
    if (isLate) expect((await unloading).named_modules()).toEqual(modelInfo.modules);
    else await expect(unloading).rejects.toBe('enough');
    expect([fake.argsOf('commit').length, fake.argsOf('cancel').length]).toEqual(isLate ? [1, 0] : [0, 1]);
    await session.close();
  });

  test('stays unchanged when the worker refuses', async () => {
    const { vera, session } = await wrapped(() => ({ setAdapter: () => Promise.reject(new Error('not found')) }));
    await expect(vera.set_adapter('other')).rejects.toMatchObject({ code: 'internal' });
    await expect(vera.set_adapter('')).rejects.toMatchObject({ code: 'invalid_argument' });
    expect(vera.active_adapters).toEqual(['default']);
    await session.close();
  });

  test('enables its adapters after disable_adapter, in whatever way the body ends', async () => {
    const { vera, session, fake } = await wrapped(() => ({ enableAdapters: async () => {} }));
    const states = (): unknown[] => fake.argsOf('enableAdapters').map((args) => args[1]);
    expect(
      await vera.disable_adapter(async () => {
        expect(states()).toEqual([false]);
        return 'result';
      }),
    ).toBe('result');
    expect(states()).toEqual([false, true]);
    const slip = new Error('in the body');
    await expect(vera.disable_adapter(() => Promise.reject(slip))).rejects.toBe(slip);
    expect(states()).toEqual([false, true, false, true]);
    await session.close();
  });

  test('stays disabled until the last of several bodies ends', async () => {
    const { vera, session, fake } = await wrapped(() => ({ enableAdapters: async () => {} }));
    const states = (): unknown[] => fake.argsOf('enableAdapters').map((args) => args[1]);
    let endOuter = (): void => {};
    const outer = vera.disable_adapter(() => new Promise<void>((resolve) => (endOuter = resolve)));
    await vera.disable_adapter(async () => {});
    expect(states()).toEqual([false, false]);
    endOuter();
    await outer;
    expect(states()).toEqual([false, false, true]);
    await session.close();
  });

  test.each([
    [{ weights: [0.5] }, /expected adapters for the weights/],
    [{ adapters: ['default'], adapter_name: 'default' }, /expected adapters or adapter_name/],
  ])('refuses to save as LoRA with %j', async (options, message) => {
    const { vera } = await wrapped();
    await expect(vera.save_as_lora(options)).rejects.toMatchObject({
      code: 'invalid_argument',
      message: expect.stringMatching(message),
    });
  });

  test('saves as two files', async () => {
    const { vera, session, fake } = await wrapped(() => ({ saveAdapter: async () => files }));
    const saved = await vera.save_pretrained({ id: 'my-style' });
    expect(Object.keys(saved)).toEqual(['adapter_config.json', 'adapter_model.safetensors']);
    expect(await saved['adapter_model.safetensors'].arrayBuffer()).toEqual(Uint8Array.of(1, 2).buffer);
    expect(fake.argsOf('saveAdapter')).toEqual([[7, { id: 'my-style' }]]);
    await expect(vera.save_pretrained({ path: 'x' } as never)).rejects.toMatchObject({ code: 'invalid_argument' });
    await session.close();
  });

  test('is disposed of when the worker ends meanwhile, and not if the worker refuses', async () => {
    const { vera, session } = await wrapped(() => ({ disposeModel: () => new Promise(() => {}) }));
    const disposed = vera.dispose();
    await session.close();
    await disposed;
    await vera.dispose();
    const refusing = await wrapped(() => ({ disposeModel: () => Promise.reject(new Error('no')) }));
    await expect(refusing.vera.dispose()).rejects.toThrow('no');
    await refusing.session.close();
  });

  test('ends together with its base model', async () => {
    const { vera, model, session, fake } = await wrapped(() => ({ disposeModel: async () => {} }));
    await vera.dispose();
    await model.dispose();
    expect(fake.argsOf('disposeModel')).toEqual([[1]]); // the base model's handle, which frees both
    await expect(model.memory()).rejects.toMatchObject({ code: 'invalid_argument' });
    await session.close();
  });
});
