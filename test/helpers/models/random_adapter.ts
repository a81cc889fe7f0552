import { readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import { type AdapterFiles, get_peft_model, type PreTrainedModel, type VeraConfig } from '../../../src/index';
import { randomArray } from '../maths/random';
import { bytesOf } from '../session/session';

/** Returns an adapter's files after `change` has modified the numbers of its tensors. */
export async function changedFiles(
  files: AdapterFiles,
  change: (name: string, numbers: Float32Array) => void,
): Promise<AdapterFiles> {
  const { tensors, metadata } = readSafetensors(await bytesOf(files['adapter_model.safetensors']));
  const changed = [...tensors].map(([name, tensor]) => {
    const numbers = new Float32Array(toFloat32(tensor));
    change(name, numbers);
    return [name, { ...tensor, dtype: 'F32' as const, bytes: new Uint8Array(numbers.buffer) }] as const;
  });
  return { ...files, 'adapter_model.safetensors': new Blob([writeSafetensors(new Map(changed), metadata)]) };
}

/** Creates the files of an adapter whose vectors are seeded random numbers. The other tensors have their initial values. */
export async function randomAdapter(
  base: PreTrainedModel,
  config: VeraConfig,
  seed: number,
  scale = 0.5,
): Promise<AdapterFiles> {
  const model = await get_peft_model(base, config);
  const files = await model.save_pretrained();
  await model.delete_adapter('default');
  let draws = 100 * seed;
  return changedFiles(files, (name, numbers) => {
    draws += 1;
    if (name.includes('vera_lambda_')) numbers.set(randomArray(numbers.length, draws, scale));
  });
}
