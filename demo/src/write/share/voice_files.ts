import type { AdapterFiles } from 'webvera';
import { ChoiceProblem } from '../../library/choice_problem';
import { isPlain, type LinkedKind, type LinkedType, linkedFields, linkedKind, linkedKinds } from './linked_kinds';
import {
  checkHeader,
  headerOf,
  LONGEST_NAME,
  LONGEST_OPENING,
  type SharedConfig,
  type SharedVoice,
} from './shared_voice';
import { readTensors, writeTensors } from './tensors';

export { fromFragment, toFragment } from './link';

/**
 * Makes a link's content from the two files of a voice (an adapter that writes in somebody's style). Throws `ChoiceProblem` if a link
 * can't hold all of the voice.
 */
export async function sharedFrom(files: AdapterFiles, name: string, opening: string): Promise<SharedVoice> {
  const config = JSON.parse(await files['adapter_config.json'].text()) as Readonly<Record<string, unknown>>;
  const { base_model_name_or_path: base, peft_type } = config;
  const kind = linkedKind(peft_type);
  if (kind === undefined || !isPlain(kind, config) || typeof base !== 'string') throw tooMuch();
  const voice = {
    name: name.slice(0, LONGEST_NAME),
    // The last part of a path is the model's name.
    base: (base.split('/').at(-1) ?? '').slice(0, LONGEST_NAME),
    opening: opening.slice(0, LONGEST_OPENING),
    peft_type: peft_type as LinkedType,
    config: Object.fromEntries(linkedFields(kind).map((field) => [field, config[field] as SharedConfig[string]])),
    tensors: readTensors(await files['adapter_model.safetensors'].arrayBuffer()),
  };
  try {
    checkHeader(headerOf(voice));
  } catch {
    throw tooMuch();
  }
  return voice;
}

function tooMuch(): ChoiceProblem {
  return new ChoiceProblem('This voice has more than a link holds. Download it, and share the file.');
}

/** Makes the two files of a voice (adapter) from a link's content. The library checks them as it checks all files. */
export function filesFrom({ base, peft_type, config: fields, tensors }: SharedVoice): AdapterFiles {
  const kind: LinkedKind = linkedKinds[peft_type];
  const config = {
    ...(kind.required ?? {}),
    ...fields,
    peft_type,
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
  };
  return {
    'adapter_config.json': new Blob([JSON.stringify(config)], { type: 'application/json' }),
    'adapter_model.safetensors': writeTensors(tensors),
  };
}
