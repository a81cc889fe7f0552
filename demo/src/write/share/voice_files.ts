import type { AdapterFiles } from 'webvera';
import { ChoiceProblem } from '../../library/choice_problem';
import { LONGEST_NAME, LONGEST_OPENING, type SharedVoice } from './shared_voice';
import { readTensors, writeTensors } from './tensors';

export { fromFragment, toFragment } from './link';

/** A voice from its two files, for a link. Throws `ChoiceProblem` for one that has more than a link holds. */
export async function sharedFrom(files: AdapterFiles, name: string, opening: string): Promise<SharedVoice> {
  const config = JSON.parse(await files['adapter_config.json'].text()) as Readonly<Record<string, unknown>>;
  const { base_model_name_or_path: base, r, target_modules, projection_prng_key, save_projection, bias } = config;
  const isPlain = save_projection === false && bias === 'none' && (config.modules_to_save ?? null) === null;
  if (!isPlain || typeof base !== 'string' || !Array.isArray(target_modules) || config.peft_type !== 'VERA')
    throw new ChoiceProblem('This voice has more than a link holds. Download it, and share the file.');
  return {
    name: name.slice(0, LONGEST_NAME),
    base: base.slice(0, LONGEST_NAME),
    opening: opening.slice(0, LONGEST_OPENING),
    r: Number(r),
    target_modules: target_modules.map(String),
    projection_prng_key: Number(projection_prng_key),
    tensors: readTensors(await files['adapter_model.safetensors'].arrayBuffer()),
  };
}

/** The two files of a voice from a link. The library checks them as it checks all files. */
export function filesFrom({ base, r, target_modules, projection_prng_key, tensors }: SharedVoice): AdapterFiles {
  const config = {
    peft_type: 'VERA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
    r,
    target_modules,
    projection_prng_key,
    save_projection: false,
    bias: 'none',
  };
  return {
    'adapter_config.json': new Blob([JSON.stringify(config)], { type: 'application/json' }),
    'adapter_model.safetensors': writeTensors(tensors),
  };
}
