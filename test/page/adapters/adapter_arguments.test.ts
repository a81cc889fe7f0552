import { describe, expect, test } from 'vitest';
import { LoraConfig } from '../../../src/adapters/lora/config/lora_config';
import { PAGE_KINDS } from '../../../src/page/adapters/page_kinds';
import { get_peft_model, PeftConfig, PeftModel } from '../../../src/page/adapters/peft_classes';
import { VeraModel } from '../../../src/page/adapters/vera/vera_model';
import { Profile } from '../../../src/page/profile/profile';
import type { FakeSession } from '../../worker/fake_session';
import { modelInfo, openSession, veraInfo } from '../session/open_session';
import { config, openVera } from './open_vera';

// These tests check that calls accept arguments in PEFT's order, with PEFT's defaults.

const files = { 'adapter_config.json': new Blob(['{}']), 'adapter_model.safetensors': new Blob([Uint8Array.of(1)]) };

const ALL_KINDS = PAGE_KINDS.map(({ Config }) => Config.rules.peft_type);

/** Calls a method with arguments that TypeScript rejects and JavaScript allows. */
const call = (object: object, name: string, args: readonly unknown[]): unknown =>
  (object as Record<string, (...args: readonly unknown[]) => unknown>)[name]!(...args);

/** Opens a model with a LoRA adapter. A scripted worker answers its calls. */
async function openLora(): Promise<{ readonly lora: object; readonly fake: FakeSession }> {
  const config = new LoraConfig({ r: 4, target_modules: ['q_proj'] });
  const info = veraInfo({ default: { ...config } }, ['default']);
  const { base, fake } = await openVera({ addWeightedAdapter: async () => info, createAdapters: async () => info });
  return { lora: await get_peft_model(base, config), fake };
}

describe('in their places', () => {
  test.each<[string, readonly unknown[], object]>([
    ['nothing', [], { name: 'default' }],
    ['options', [{ adapter_name: 'mine', is_trainable: true }], { name: 'mine', is_trainable: true }],
    ['a name', ['mine'], { name: 'mine' }],
    ['options, and what is undefined', [{ adapter_name: 'mine' }, undefined], { name: 'mine' }],
    ['a name, and whether it trains', ['mine', true], { name: 'mine', is_trainable: true }],
    ['only whether it trains', [undefined, true], { name: 'default', is_trainable: true }],
    ['both, and PEFT’s config=None', ['mine', false, null], { name: 'mine', is_trainable: false }],
    [
      'both, and options',
      ['mine', true, { projection_dtype: 'float16', revision: null }],
      { name: 'mine', is_trainable: true, own: { projection_dtype: 'float16' } },
    ],
    [
      'the same twice',
      ['mine', true, { adapter_name: 'mine', is_trainable: true }],
      { name: 'mine', is_trainable: true },
    ],
  ])('from_pretrained(model, source, …): %s', async (_case, args, { name, ...options }: { name?: string }) => {
    const { base, fake } = await openVera();
    for (const of of [PeftModel, VeraModel]) {
      expect(await call(of, 'from_pretrained', [base, files, ...args])).toBeInstanceOf(VeraModel);
    }
    const wire = [ALL_KINDS, ['VERA']].map((peft_types) => [
      ...[modelInfo.model, name, files],
      { progress: false, peft_types, ...options },
    ]);
    expect(fake.argsOf('loadAdapters').map((sent) => sent.slice(1))).toEqual(wire);
  });

  test.each<[readonly unknown[], object]>([
    [[], {}],
    [[true], { is_trainable: true }],
    [[false, null], { is_trainable: false }],
    [[undefined, { is_trainable: true }], { is_trainable: true }],
    [[true, { projection_dtype: 'float16' }], { is_trainable: true, own: { projection_dtype: 'float16' } }],
    [[{ is_trainable: true }], { is_trainable: true }],
  ])('load_adapter(source, name, …%j)', async (args, options) => {
    const { vera, fake } = await openVera();
    await call(vera, 'load_adapter', [files, 'other', ...args]);
    expect(fake.argsOf('loadAdapter')[0]?.slice(1)).toEqual([7, 'other', files, { progress: false, ...options }]);
  });

  test.each<[readonly unknown[], string]>([
    [[], 'default'],
    [['mine'], 'mine'],
    [[undefined, { adapter_name: 'mine' }], 'mine'],
    [['mine', { is_trainable: true }], 'mine'],
  ])('get_peft_model(model, config, …%j)', async (args, name) => {
    const { base, fake } = await openVera();
    await call({ get_peft_model }, 'get_peft_model', [base, config, ...args]);
    expect(fake.argsOf('createAdapters')[1]?.[1]).toBe(name);
  });

  test.each<[readonly unknown[], object]>([
    [[], { safe_merge: false }],
    [[{ safe_merge: true, adapter_names: null }], { safe_merge: true }],
    [[['a']], { safe_merge: false, adapter_names: ['a'] }],
    [[['a', 'b'], true], { safe_merge: true, adapter_names: ['a', 'b'] }],
    [[null, true], { safe_merge: true }],
    [[undefined, true], { safe_merge: true }],
    [[null], { safe_merge: false }],
  ])('merge_adapter(…%j)', async (args, request) => {
    const { vera, fake } = await openVera();
    await call(vera, 'merge_adapter', args);
    expect(fake.argsOf('mergeAdapters')[0]?.slice(1)).toEqual([7, request]);
  });

  test.each<[readonly unknown[], object]>([
    [[], { safe_merge: false }],
    [[false], { safe_merge: false }],
    [[false, true], { safe_merge: true }],
    [[false, true, ['a']], { safe_merge: true, adapter_names: ['a'] }],
    [[undefined, undefined, null], { safe_merge: false }],
    [[{ safe_merge: true }, undefined], { safe_merge: true }],
    [[{ adapter_names: null }], { safe_merge: false }],
  ])('merge_and_unload(…%j)', async (args, request) => {
    const { vera, fake } = await openVera();
    await call(vera, 'merge_and_unload', args);
    expect(fake.argsOf('unloadAdapters')[0]?.slice(1)).toEqual([7, request]);
  });

  test.each<[readonly unknown[], object]>([
    [[], {}],
    [['cat'], { combination_type: 'cat' }],
    [['svd', null], { combination_type: 'svd', svd_rank: null }],
    [[undefined, 4], { svd_rank: 4 }],
    [[{ combination_type: 'svd', svd_rank: 4 }], { combination_type: 'svd', svd_rank: 4 }],
    [[{ svd_rank: 4 }, undefined], { svd_rank: 4 }],
  ])('add_weighted_adapter(adapters, weights, name, …%j) of LoRA', async (args, options) => {
    const { lora, fake } = await openLora();
    await call(lora, 'add_weighted_adapter', [['default'], [1], 'sum', ...args]);
    expect(fake.argsOf('addWeightedAdapter')[0]?.at(-1)).toEqual(options);
  });

  test('adapter_names=None in a pass and in a batch of texts', async () => {
    const { vera, fake } = await openVera({
      forward: async () => ({ logits: { dims: [1, 1, 1], data: new Float32Array(1) } }),
      generate: async () => [''],
    });
    await vera.forward({ input_ids: [[1]], adapter_names: null });
    await vera.generate_batch([[1]], { adapter_names: null, adapter_name: 'default' });
    expect(fake.argsOf('forward')[0]?.[2]).not.toHaveProperty('adapter_names');
    expect(fake.argsOf('generate')[0]?.[3]).toMatchObject({ adapter_names: undefined, adapter_name: 'default' });
    await expect(vera.forward({ input_ids: [[1]], adapter_names: 'default' as never })).rejects.toMatchObject({
      message: "inputs: adapter_names: expected a list of names, one for each row, got 'default'",
    });
  });

  test('set_adapter(name, False), get_delta_weight(module, None)', async () => {
    const { vera, fake } = await openVera();
    await vera.set_adapter('default', false);
    await vera.get_delta_weight('q_proj', null);
    expect(fake.argsOf('setAdapter')).toEqual([[7, ['default']]]);
    expect(fake.argsOf('deltaWeight')).toEqual([[7, 'q_proj', undefined]]);
  });
});

test('the types take each form, and undefined for what is left out', async () => {
  const { base, vera, fake } = await openVera();
  const left: { readonly options?: { is_trainable: boolean }; readonly flag?: boolean; readonly names?: string[] } = {};
  const { options, flag, names } = left;
  await PeftModel.from_pretrained(base, files, options);
  await PeftModel.from_pretrained(base, files, 'default', flag, options);
  await PeftModel.from_pretrained(base, files, undefined, flag, null);
  await vera.load_adapter(files, 'other', options);
  await vera.load_adapter(files, 'other', flag, options);
  await vera.merge_adapter(names, flag);
  await vera.merge_and_unload(flag, flag, names);
  const sent = { progress: false };
  const first = ['default', files, { ...sent, peft_types: ALL_KINDS }];
  expect(fake.argsOf('loadAdapters').map((args) => args.slice(2))).toEqual(Array(3).fill(first));
  expect(fake.argsOf('loadAdapter').map((args) => args.slice(2))).toEqual(Array(2).fill(['other', files, sent]));
  for (const name of ['mergeAdapters', 'unloadAdapters'] as const)
    expect(fake.argsOf(name)[0]?.[2]).toEqual({ safe_merge: false });
  // @ts-expect-error The method has no such option.
  await expect(PeftModel.from_pretrained(base, files, 3)).rejects.toMatchObject({ code: 'invalid_argument' });
  // @ts-expect-error The method has no such option.
  await expect(vera.set_adapter('default', true)).rejects.toMatchObject({ code: 'invalid_argument' });
});

describe('unsupported arguments are refused with a reason', () => {
  const refusals: readonly [string, readonly unknown[], RegExp, RegExp][] = [
    ['from_pretrained', [files, 'mine', 'yes'], /is_trainable: expected true or false, got 'yes'/, /^$/],
    ['from_pretrained', [files, 'mine', true, config], /expected options, got a VeraConfig/, /adapter's own file/],
    ['from_pretrained', [files, config], /expected options, got a VeraConfig/, /adapter's own file/],
    ['from_pretrained', [files, 'mine', true, true], /options: expected an object, got true/, /^Write from_pretrained/],
    ['from_pretrained', [files, 'mine', true, {}, false], /expected no more arguments, got false/, /^Write from_p/],
    ['from_pretrained', [files, 'mine', true, { adapter_name: 'b' }], /expected one name, as 'mine' is the one/, /^$/],
    ['from_pretrained', [files, 'mine', true, { is_trainable: false }], /expected one value, as true is/, /^$/],
    [
      'from_pretrained',
      [files, { subfolder: 'x' }],
      /unknown or not yet supported argument 'subfolder'/,
      /part of the so/,
    ],
    ['load_adapter', [files], /adapter_name: expected a string/, /^The name is the second/],
    ['load_adapter', [files, 'b', true, 'cpu'], /options: expected an object, got 'cpu'/, /^Write load_adapter/],
    ['load_adapter', [files, 'b', { torch_device: 'cpu' }], /argument 'torch_device'/, /^A session has one device/],
    ['load_adapter', [files, 'b', { dtype: 'float16' }], /argument 'dtype'/, /^Did you mean projection_dtype\?/],
    [
      'from_pretrained',
      [files, { gguf_file: 'a.gguf' }],
      /argument 'gguf_file'/,
      /^It takes \d+ arguments; the nearest are /,
    ],
    ['load_adapter', [files, 'b', { adapter_name: 'c' }], /expected one name, as 'b' is/, /^$/],
    [
      'add_adapter',
      [config, 'other'],
      /adapter_name: expected a string.*got a VeraConfig/,
      /add_adapter\('name', config/,
    ],
    ['add_adapter', [undefined, config], /adapter_name: expected a string/, /^Write add_adapter/],
    ['add_adapter', ['other', config, true], /options: expected an object, got true/, /^Write add_adapter/],
    ['set_adapter', ['default', true], /inference_mode: expected nothing or false, got true/, /^is_trainable: false/],
    ['disable_adapter', [], /expected a function, got undefined/, /disable_adapter\(async \(\) => /],
    ['merge_adapter', ['default'], /^adapter_names should be a list of strings, got 'default'\.$/, /^$/],
    ['merge_adapter', [{ adapter_names: 'default' }], /^adapter_names should be a list of strings/, /^$/],
    ['merge_adapter', [true], /adapter_names: expected a list of names, got true/, /^$/],
    ['merge_adapter', [null, 'yes'], /safe_merge: expected true or false, got 'yes'/, /^Write true or false/],
    ['merge_adapter', [{ safe_merge: true }, true], /expected no more arguments, got true/, /^Write merge_adapter/],
    ['merge_and_unload', [['default']], /progressbar: expected true or false, or a function/, /^$/],
    ['merge_and_unload', [true, true, 'default'], /^adapter_names should be a list of strings/, /^$/],
    ['merge_and_unload', [{}, true], /expected no more arguments, got true/, /^Write merge_and_unload/],
    ['save_pretrained', [{ selected_adapters: ['a'] }], /argument 'selected_adapters'/, /^Did you mean adapter_name\?/],
    ['save_pretrained', [{ safe_serialization: true }], /argument 'safe_serialization'/, /^Files are safetensors/],
  ];

  test.each<[readonly unknown[], RegExp, RegExp]>([
    [['svd', { svd_rank: 4 }], /svd_rank: expected an integer from 1 to/, /^$/],
    [[{ svd_rank: 0 }], /svd_rank: expected an integer from 1 to/, /^$/],
    [[{ combination_type: 'cat' }, 4], /expected no more arguments, got 4/, /^PEFT's others/],
    [[{ density: 0.5 }], /argument 'density'/, /It takes combination_type, svd_rank\./],
  ])('add_weighted_adapter(adapters, weights, name, …%j) of LoRA', async (args, message, hint) => {
    const { lora, fake } = await openLora();
    const sum = call(lora, 'add_weighted_adapter', [['default'], [1], 'sum', ...args]);
    await expect(sum).rejects.toMatchObject({ code: 'invalid_argument', message, hint });
    expect(fake.argsOf('addWeightedAdapter')).toEqual([]);
  });

  test.each(refusals)('%s(…%j)', async (name, args, message, hint) => {
    const { base, vera, fake } = await openVera();
    const before = fake.calls.length;
    const [object, given] = name === 'from_pretrained' ? [PeftModel, [base, ...args]] : [vera, args];
    await expect(call(object, name, given)).rejects.toMatchObject({ code: 'invalid_argument', message, hint });
    expect(fake.calls.slice(before)).toEqual([]);
  });

  test.each<[readonly unknown[], RegExp]>([
    [['mine', true], /options: expected an object, got true/],
    [[{ is_trainable: false }], /adapter_name: expected a string that is not empty, got an object with is_trainable/],
    [['mine', { adapter_name: 'other' }], /expected one name, as 'mine' is/],
    [['mine', { mixed: true }], /argument 'mixed'/],
  ])('get_peft_model(model, config, …%j)', async (args, message) => {
    const { base } = await openVera();
    await expect(call({ get_peft_model }, 'get_peft_model', [base, config, ...args])).rejects.toMatchObject({
      code: 'invalid_argument',
      message,
    });
  });

  test('a session that is not the model’s own', async () => {
    const { base, vera, fake } = await openVera();
    const { session } = await openSession();
    const refusals: [string, Promise<unknown>][] = [
      ['PeftModel.from_pretrained', PeftModel.from_pretrained(base, files, { session })],
      ['load_adapter', vera.load_adapter(files, 'b', { session })],
      ['Profile.open', Profile.open(base, 'ada', { session })],
      ['Profile.import', Profile.import(base, new Map(), 'ada', { session })],
    ];
    for (const [what, call] of refusals) {
      const message = `${what}: session: expected the model's own session, got a Session`;
      await expect(call).rejects.toMatchObject({ code: 'invalid_argument', message, hint: 'It can be left out.' });
    }
    expect(fake.calls.map(({ name }) => name)).toEqual(['open', 'loadModel', 'createAdapters']);
    await session.close();
  });

  test('new before a class that is made otherwise', () => {
    // @ts-expect-error The constructor is private.
    const model = (): unknown => new VeraModel({}, config, 'default');
    // @ts-expect-error The constructor is private.
    const peft = (): unknown => new PeftModel({}, config);
    // @ts-expect-error The constructor is private.
    const peftConfig = (): unknown => new PeftConfig();
    const hint = "Write await get_peft_model(model, config, 'name').";
    expect(model).toThrow(expect.objectContaining({ message: 'There is no new VeraModel(…) here', hint }));
    expect(peft).toThrow(expect.objectContaining({ message: 'There is no new PeftModel(…) here', hint }));
    expect(peftConfig).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^Write new VeraConfig\(\{ … \}\)/) }),
    );
  });
});
