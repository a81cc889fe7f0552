import type { RawTensor } from '../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../src/formats/tensors/values';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  AutoModelForSequenceClassification,
  get_peft_model,
  type PreTrainedModel,
  VeraConfig,
  type VeraConfigInit,
} from '../../src/index';
import { edited } from '../helpers/bytes/edited';
import { goldenBase, goldenCase } from '../helpers/golden/golden';
import type { TestSession } from '../helpers/session/session';
import type { SessionGpu } from '../helpers/session/session_gpu';

/** The models and adapter files with which all recorded situations of PEFT begin. */
export interface Scene {
  readonly overwrite: SessionGpu['overwrite'];
  readonly opt: PreTrainedModel;
  readonly gpt2: PreTrainedModel;
  readonly roberta: PreTrainedModel;
  /** An adapter with r = 4 on q_proj and v_proj that changes the loss. `slim` is the same without A and B. */
  readonly saved: AdapterFiles;
  readonly slim: AdapterFiles;
  /** The adapter `saved` with doubled values of A. */
  readonly doubled: AdapterFiles;
  /** An adapter with r = 4 on fc1 and fc2. */
  readonly wide: AdapterFiles;
  /** The loss with the adapter of `saved`, measured on the original adapter. */
  readonly loss: number;
  lossOf(model: PreTrainedModel): Promise<number>;
}

export const vera = (init: VeraConfigInit = {}): VeraConfig =>
  new VeraConfig({ r: 4, target_modules: ['q_proj', 'v_proj'], ...init });

export async function setScene({ session, overwrite }: TestSession): Promise<Scene> {
  const [opt, gpt2] = await Promise.all(
    ['base/opt', 'base/gpt2'].map((base) => AutoModelForCausalLM.from_pretrained(goldenBase(base), { session })),
  );
  const { batch } = goldenCase('opt_left_big').inputs;
  const lossOf = async (model: PreTrainedModel) => (await model.forward(batch)).loss!;
  // With `init_weights: false`, λ_b is 1 and λ_d is random, so the adapter changes the loss.
  const random = await get_peft_model(opt!, vera({ init_weights: false }));
  const saved = await random.save_pretrained();
  return {
    overwrite,
    opt: opt!,
    gpt2: gpt2!,
    roberta: await AutoModelForSequenceClassification.from_pretrained(goldenBase('base/roberta'), { session }),
    saved,
    slim: await edited(saved, { config: unsaved, tensors: withoutProjections }),
    doubled: await edited(saved, { tensors: (all) => change(all, 'base_model.vera_A', (value) => 2 * value) }),
    wide: await (await get_peft_model(opt!, vera({ target_modules: ['fc1', 'fc2'] }))).save_pretrained(),
    loss: await lossOf(random),
    lossOf,
  };
}

/** `unsaved` and `withoutProjections` edit adapter files as if they had been saved without A and B. */
export const unsaved = (json: Record<string, unknown>): void => {
  json.save_projection = false;
};

export const withoutProjections = (all: Map<string, RawTensor>): void => {
  all.delete('base_model.vera_A');
  all.delete('base_model.vera_B');
};

function change(all: Map<string, RawTensor>, name: string, map: (value: number) => number): void {
  const tensor = all.get(name)!;
  all.set(name, { ...tensor, bytes: new Uint8Array(toFloat32(tensor).map(map).buffer) });
}
