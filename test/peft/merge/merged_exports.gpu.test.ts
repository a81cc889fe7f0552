import { describe, expect, test } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';
import { AutoModelForCausalLM, VeraModel } from '../../../src/index';
import { bytesOf } from '../../helpers/session/session';
import { dtypes, input_ids, logitsOf, MERGED, mergeScene, stateOf } from './merge_scene';

const scene = mergeScene();

describe.each(dtypes)('export_model of a base in %s', (dtype) => {
  test('gives a folder that computes the same bit for bit', async () => {
    const [base, model] = await scene.load(dtype);
    await model.merge_adapter();
    const folder = await model.export_model();
    const again = await AutoModelForCausalLM.from_pretrained({ files: folder }, { session: scene.opened.session });
    expect(await logitsOf(again)).toEqual(await logitsOf(model));
    expect(await stateOf(again)).toEqual(await stateOf(model));
    const { tensors } = readSafetensors(await bytesOf(folder.get('model.safetensors')!));
    for (const [name, tensor] of tensors) expect(tensor.dtype, name).toBe(MERGED.includes(name) ? dtype : tensor.dtype);
    // If no adapter is merged, the export is the base model alone.
    await model.unmerge_adapter();
    const plain = await AutoModelForCausalLM.from_pretrained(
      { files: await model.export_model() },
      { session: scene.opened.session },
    );
    expect(await logitsOf(plain)).toEqual(await logitsOf(base));
    for (const each of [again, plain, base]) await each.dispose();
  });

  test('merge_and_unload gives what merging gives, and unload what the base gives', async () => {
    const [base, model] = await scene.load(dtype);
    const [plain, state] = [await logitsOf(base), await stateOf(base)];
    await model.merge_adapter();
    const [merged, mergedState] = [await logitsOf(model), await stateOf(model)];
    await model.unmerge_adapter();
    const unloaded = await model.merge_and_unload({ safe_merge: true });
    expect(await logitsOf(unloaded)).toEqual(merged);
    expect(await stateOf(unloaded)).toEqual(mergedState);
    expect([await logitsOf(base), await stateOf(base)]).toEqual([plain, state]);
    await expect(model.forward({ input_ids })).rejects.toMatchObject({ code: 'invalid_argument' });

    const another = await VeraModel.from_pretrained(base, scene.first);
    await another.merge_adapter();
    await another.unmerge_adapter();
    expect(await logitsOf(await another.unload())).toEqual(plain);
    await base.dispose();
  });
});

test('unmerging, unloading and disposing give the memory back', async () => {
  const base = await scene.loadTiny('F32');
  await logitsOf(base);
  await base.state_dict();
  const ofBase = scene.opened.storageBytes();
  for (const dispose of ['unload', 'merge_and_unload', 'dispose'] as const) {
    const model = await VeraModel.from_pretrained(base, scene.first);
    await logitsOf(model);
    const before = scene.opened.storageBytes();
    await model.merge_adapter();
    expect(scene.opened.storageBytes()).toBeGreaterThan(before);
    await logitsOf(model);
    await model.unmerge_adapter();
    expect(scene.opened.storageBytes()).toBe(before);
    if (dispose === 'unload') {
      expect(await logitsOf(await model.unload())).toEqual(await logitsOf(base));
      expect(scene.opened.storageBytes()).toBe(ofBase);
    } else if (dispose === 'merge_and_unload') {
      const unloaded = await model.merge_and_unload();
      const weights = [...(await base.state_dict(MERGED)).values()].reduce((sum, { data }) => sum + data.byteLength, 0);
      expect(scene.opened.storageBytes()).toBe(ofBase + weights);
      // The two models share all other weights, so disposing of one also disposes of the other.
      await unloaded.dispose();
      expect(scene.opened.liveBytes()).toBe(0);
      await expect(base.forward({ input_ids })).rejects.toMatchObject({ code: 'invalid_argument' });
    }
    if (scene.opened.liveBytes() === 0) break;
  }
  const [again, model] = await scene.load();
  await model.merge_adapter();
  await logitsOf(model);
  await model.dispose();
  expect(scene.opened.liveBytes()).toBe(0);
  await again.dispose();
});
