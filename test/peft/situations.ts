import { f32ToF16 } from '../../src/core/numbers/float16';
import { type RawTensor, readSafetensors } from '../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../src/formats/tensors/values';
import { get_peft_model, type VeraConfigInit, VeraModel } from '../../src/index';
import { edited } from '../helpers/bytes/edited';
import { goldenCase } from '../helpers/golden/golden';
import { bytesOf } from '../helpers/session/session';
import { type Scene, unsaved, vera, withoutProjections } from './scene';

/** Losses, a list of names, or undefined if it only matters that no error occurs. */
export type Result = readonly number[] | readonly string[] | undefined;

/**
 * Performs a recorded situation. Unless its name says otherwise, the model is base/opt, and the adapter has r = 4 on q_proj and
 * v_proj. Calls `watch` to discard the warnings so far.
 */
export type Situation = (scene: Scene, watch: () => void) => Promise<Result>;

const LAYERS = 'base_model.model.model.decoder.layers';

/** Returns a situation that creates an adapter over OPT. */
const create =
  (init: VeraConfigInit): Situation =>
  async ({ opt }, watch) => {
    watch();
    await get_peft_model(opt, vera(init));
    return undefined;
  };

/** Returns a situation that adds a second adapter. */
const second =
  (init: VeraConfigInit, first: VeraConfigInit = {}, name = 'second'): Situation =>
  async ({ opt }, watch) => {
    const model = await get_peft_model(opt, vera(first));
    watch();
    await model.add_adapter(name, vera(init));
    return undefined;
  };

/** Returns a situation that performs an action on a model with one adapter. */
const then =
  (action: (model: VeraModel, watch: () => void) => Promise<unknown>): Situation =>
  async ({ opt }, watch) => {
    const model = await get_peft_model(opt, vera());
    watch();
    await action(model, watch);
    return undefined;
  };

/** Returns a situation that loads edited adapter files over OPT. */
const load =
  (config: (json: Record<string, unknown>) => void, tensors: (all: Map<string, RawTensor>) => void): Situation =>
  async ({ opt, saved, lossOf }, watch) => {
    const files = await edited(saved, { config, tensors });
    watch();
    return [await lossOf(await VeraModel.from_pretrained(opt, files))];
  };

const asSaved = (): void => {};
const nothingNamed = (json: Record<string, unknown>): void => {
  json.target_modules = ['nope'];
};

function rename(all: Map<string, RawTensor>, to: (name: string) => string): void {
  for (const [name, tensor] of [...all]) {
    all.delete(name);
    all.set(to(name), tensor);
  }
}

/** Doubles the number of columns of vera_A with zeros. */
function widenA(all: Map<string, RawTensor>): void {
  const tensor = all.get('base_model.vera_A')!;
  const [rows, columns] = tensor.shape as [number, number];
  const values = toFloat32(tensor);
  const wide = new Float32Array(rows * 2 * columns);
  for (let row = 0; row < rows; row++) {
    wide.set(values.subarray(row * columns, (row + 1) * columns), row * 2 * columns);
  }
  all.set('base_model.vera_A', { dtype: 'F32', shape: [rows, 2 * columns], bytes: new Uint8Array(wide.buffer) });
}

const narrowAfterWide =
  (saved: 'saved' | 'slim'): Situation =>
  async ({ opt, wide, lossOf, ...files }, watch) => {
    const alone = await lossOf(await VeraModel.from_pretrained(opt, files[saved]));
    const first = saved === 'saved' ? wide : await edited(wide, { config: unsaved, tensors: withoutProjections });
    const model = await VeraModel.from_pretrained(opt, first);
    watch();
    await model.load_adapter(files[saved], 'narrow');
    await model.set_adapter('narrow');
    return [alone, await lossOf(model)];
  };

const lastParts =
  (bias: 'all' | 'vera_only'): Situation =>
  async ({ opt }, watch) => {
    const model = await get_peft_model(opt, vera({ bias }));
    watch();
    const files = await model.save_pretrained();
    const { tensors } = readSafetensors(await bytesOf(files['adapter_model.safetensors']));
    return [...new Set([...tensors.keys()].map((name) => name.slice(name.lastIndexOf('.') + 1)))].sort();
  };

/** The situations, by their names in errors.json. */
export const SITUATIONS: Readonly<Record<string, Situation>> = {
  'r is 0': create({ r: 0 }),
  'target_modules names nothing in the model': create({ target_modules: ['nothing'] }),
  'target_modules names an embedding': create({ target_modules: ['embed_tokens'] }),
  'target_modules names a linear layer and an embedding': create({ target_modules: ['q_proj', 'embed_tokens'] }),
  'target_modules names a container': create({ target_modules: ['self_attn'] }),
  'target_modules is an empty list': create({ target_modules: [] }),
  'bias has an unknown value': create({ bias: 'some' as 'all' }),
  'bias is lora_only': create({ bias: 'lora_only' as 'all' }),
  'layers_pattern without layers_to_transform': create({ layers_pattern: 'layers' }),
  'layers_pattern with an empty layers_to_transform': create({ layers_pattern: 'layers', layers_to_transform: [] }),
  'layers_pattern with layers_to_transform 0': create({ layers_pattern: 'layers', layers_to_transform: 0 }),
  'layers_to_transform with a regular expression': create({ target_modules: '.*q_proj', layers_to_transform: [0] }),
  'layers_to_transform out of range': create({ layers_to_transform: [7] }),
  'save_projection False in a new config': create({ save_projection: false }),
  'fan_in_fan_out True over torch.nn.Linear': create({ fan_in_fan_out: true }),
  'fan_in_fan_out False over Conv1D': ({ gpt2, ...scene }, watch) =>
    create({ target_modules: ['c_attn'] })({ ...scene, gpt2, opt: gpt2 }, watch),

  'second adapter, same config': second({}),
  'second adapter with another projection_prng_key': second({ projection_prng_key: 1 }),
  'second adapter with another save_projection': second({ save_projection: false }),
  'second adapter with a higher rank': second({ r: 8 }),
  'second adapter with a lower rank: adding it': second({ r: 2 }),
  'second adapter with a lower rank: forward': async ({ opt, lossOf }, watch) => {
    const model = await get_peft_model(opt, vera());
    await model.add_adapter('second', vera({ r: 2 }));
    await model.set_adapter('second');
    watch();
    await lossOf(model);
    return undefined;
  },
  'second adapter with a larger layer': second({ target_modules: ['fc1'] }),
  'second adapter with a layer of larger input': second({ target_modules: ['fc2'] }),
  'second adapter on other layers of the same shape': second({ target_modules: ['k_proj'] }),
  'second adapter whose target_modules name nothing in the model': second({ target_modules: ['nope'] }),
  'adapter name contained in the prefix vera_lambda_': second({}, {}, 'b'),

  'set_adapter with an unknown name': then((model) => model.set_adapter('none')),
  'delete_adapter with an unknown name': then((model) => model.delete_adapter('none')),
  'delete_adapter while it is merged': then(async (model) => {
    await model.merge_adapter();
    await model.delete_adapter('default');
  }),
  'the only adapter is deleted, then forward': then(async (model) => {
    await model.delete_adapter('default');
    await model.forward(goldenCase('opt_left_big').inputs.batch);
  }),
  'merge_adapter twice': then(async (model, watch) => {
    await model.merge_adapter();
    watch();
    await model.merge_adapter();
  }),
  'unmerge_adapter without a merge': then((model) => model.unmerge_adapter()),
  // The NaN is written to the GPU buffer, because neither files nor training can put a NaN into λ.
  'merge_and_unload(safe_merge=True) with a NaN in lambda_b': async ({ opt, overwrite }, watch) => {
    const model = await get_peft_model(opt, vera({}));
    overwrite('pool of default', 0, new Array(8).fill(Number.NaN));
    watch();
    await model.merge_and_unload({ safe_merge: true });
    return undefined;
  },

  'merge_and_unload on RoBERTa for sequence classification': async ({ roberta }, watch) => {
    const model = await get_peft_model(roberta, vera({ target_modules: ['query'], task_type: 'SEQ_CLS' }));
    watch();
    await model.merge_and_unload();
    return undefined;
  },

  'load: saved with projections': load(asSaved, asSaved),
  'load: saved without projections': load(unsaved, withoutProjections),
  'load: config says save_projection True, file has no projections': load(asSaved, withoutProjections),
  'load: config says save_projection False, file has projections': load(unsaved, asSaved),
  'load: a lambda_b is missing': load(asSaved, (all) => all.delete(`${LAYERS}.0.self_attn.q_proj.vera_lambda_b`)),
  'load: vera_B is missing': load(asSaved, (all) => all.delete('base_model.vera_B')),
  'load: an unknown tensor is there': load(asSaved, (all) => {
    all.set('base_model.model.nobody', { dtype: 'F32', shape: [2], bytes: new Uint8Array(8) });
  }),
  'load: lambda_d has another length': load(asSaved, (all) => {
    for (const [name, { bytes }] of all) {
      if (name.endsWith('vera_lambda_d')) all.set(name, { dtype: 'F32', shape: [2], bytes: bytes.slice(0, 8) });
    }
  }),
  'load: every value of vera_A in the file is doubled': async ({ opt, doubled, lossOf }, watch) => {
    watch();
    return [await lossOf(await VeraModel.from_pretrained(opt, doubled))];
  },
  'load: vera_A is larger than the base needs': load(asSaved, widenA),
  'load: lambdas in float16': load(asSaved, (all) => {
    for (const [name, tensor] of all) {
      if (!name.includes('vera_lambda')) continue;
      const halves = f32ToF16(toFloat32(tensor));
      all.set(name, { dtype: 'F16', shape: tensor.shape, bytes: new Uint8Array(halves.buffer) });
    }
  }),
  'load: names without the leading base_model.model.': load(asSaved, (all) =>
    rename(all, (name) => name.replace('base_model.model.', '')),
  ),
  'load: the adapter name `.default` left in the names': load(asSaved, (all) =>
    rename(all, (name) => `${name}.default`),
  ),
  'load: config has an unknown field': load((json) => {
    json.made_by = 'somebody';
  }, asSaved),
  'load: config lacks base_model_name_or_path, auto_mapping, task_type, peft_version, revision': load((json) => {
    for (const key of ['base_model_name_or_path', 'auto_mapping', 'task_type', 'peft_version', 'revision'])
      delete json[key];
  }, asSaved),
  'load: config holds only peft_type, r, target_modules': load((json) => {
    for (const key of Object.keys(json)) if (!['peft_type', 'r', 'target_modules'].includes(key)) delete json[key];
  }, asSaved),
  'load: config has no peft_type': load((json) => delete json.peft_type, asSaved),
  'load: config has another rank than the file': load((json) => {
    json.r = 2;
  }, asSaved),
  'load: target_modules name nothing in the model': load(nothingNamed, asSaved),
  'load: no adapter_model.safetensors': async ({ opt, saved }, watch) => {
    watch();
    await VeraModel.from_pretrained(opt, {
      files: new Map([['adapter_config.json', saved['adapter_config.json']]]),
    });
    return undefined;
  },

  'load_adapter: target_modules name nothing in the model': async ({ opt, saved }, watch) => {
    const model = await VeraModel.from_pretrained(opt, saved);
    const other = await edited(saved, { config: nothingNamed });
    watch();
    await model.load_adapter(other, 'second');
    return undefined;
  },
  'load_adapter: an adapter of narrow layers second, after one of wide layers, projections saved':
    narrowAfterWide('saved'),
  'load_adapter: an adapter of narrow layers second, after one of wide layers, projections not saved':
    narrowAfterWide('slim'),
  "load_adapter: the second file's projections differ from the first's": async (scene, watch) => {
    const { opt, saved, doubled, lossOf } = scene;
    const model = await VeraModel.from_pretrained(opt, saved);
    const before = await lossOf(model);
    watch();
    await model.load_adapter(doubled, 'second');
    return [before, await lossOf(model)];
  },

  "last name parts saved with bias='vera_only'": lastParts('vera_only'),
  "last name parts saved with bias='all'": lastParts('all'),
};
