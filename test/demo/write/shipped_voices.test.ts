import { readFileSync, statSync } from 'node:fs';
import { expect, test, vi } from 'vitest';
import { readSafetensors } from '../../../src/formats/tensors/safetensors';

vi.stubGlobal('document', { baseURI: 'https://demo.example/' });
const { shippedVoices } = await import('../../../demo/src/write/voices');
const { bundledModel } = await import('../../../demo/src/library/model_files');

const larger = 'SmolLM2-135M-Instruct';
const folders = [
  { model: 'prose-1.4M', folder: 'demo/public/voices', dtype: 'F32', layers: 6 },
  { model: larger, folder: `demo/larger/${larger}/voices`, dtype: 'F16', layers: 30 },
];

test.each(folders.flatMap((one) => shippedVoices.map(({ key }) => ({ ...one, key }))))(
  '$key is a voice over $model',
  ({ model, folder, dtype, layers, key }) => {
    const config = JSON.parse(readFileSync(`${folder}/${key}/adapter_config.json`, 'utf8'));
    expect(config).toMatchObject({ peft_type: 'VERA', r: 64, save_projection: false, base_model_name_or_path: model });
    const { tensors } = readSafetensors(readFileSync(`${folder}/${key}/adapter_model.safetensors`));
    expect(tensors.size).toBe(layers * 7 * 2);
    for (const tensor of tensors.values()) expect(tensor.dtype).toBe(dtype);
  },
);

test('the voices of a model have one size, which the page names', () => {
  const sizes = folders.map(({ folder }) => {
    const all = shippedVoices.map(({ key }) => statSync(`${folder}/${key}/adapter_model.safetensors`).size);
    expect(new Set(all).size).toBe(1);
    return all[0];
  });
  expect(sizes).toEqual([bundledModel.voices?.bytes, 390_088]);
});
