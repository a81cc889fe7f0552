import { beforeAll } from 'vitest';
import { writeSafetensors } from '../../../src/formats/tensors/safetensors';
import {
  type AdapterFiles,
  AutoModelForCausalLM,
  type PreTrainedModel,
  VeraConfig,
  VeraModel,
} from '../../../src/index';
import { randomAdapter } from '../../helpers/models/random_adapter';
import { tinyFiles, tinyHalves, tinyRow, tinyVera } from '../../helpers/models/tiny_llama';
import { type TidySession, tidySession } from '../../helpers/session/tidy_session';

export const input_ids = [tinyRow(12, 4).input_ids, tinyRow(12, 5).input_ids];
const otherVera = new VeraConfig({ r: 4, target_modules: ['v_proj', 'gate_proj'], projection_prng_key: 7 });
const headVera = new VeraConfig({ r: 8, target_modules: ['lm_head', 'q_proj'] });
export const MODULES = [0, 1].flatMap((layer) =>
  ['self_attn.q_proj', 'self_attn.v_proj', 'mlp.down_proj'].map((name) => `model.layers.${layer}.${name}`),
);
export const MERGED = MODULES.map((name) => `${name}.weight`);

export const dtypes = ['F32', 'F16'] as const;
type Dtype = (typeof dtypes)[number];

/** A session, and files of seeded adapters for the tiny base model. */
interface MergeScene extends Pick<TidySession, 'opened'> {
  readonly first: AdapterFiles;
  readonly second: AdapterFiles;
  readonly onHead: AdapterFiles;
  loadTiny(dtype: Dtype, options?: { dtype?: 'float32' }): Promise<PreTrainedModel>;
  /** Loads the base model with the adapter `first`, or with the adapter in `files`. */
  load(dtype?: Dtype, files?: AdapterFiles): Promise<[PreTrainedModel, VeraModel]>;
  /** Returns the contents of all GPU buffers by label, without the inputs of forward passes. */
  rawBytes(): Promise<Map<string, Uint8Array>>;
}

export function mergeScene(): MergeScene {
  const tidy = tidySession();
  let made: Pick<MergeScene, 'first' | 'second' | 'onHead'>;
  const loadTiny = (dtype: Dtype, options: { dtype?: 'float32' } = {}): Promise<PreTrainedModel> => {
    const files = dtype === 'F16' ? tinyFiles({ weights: writeSafetensors(tinyHalves()) }) : tinyFiles();
    return tidy.keep(AutoModelForCausalLM.from_pretrained(files, { session: tidy.opened.session, ...options }));
  };
  beforeAll(async () => {
    const base = await loadTiny('F32');
    const [first, second, onHead] = [
      await randomAdapter(base, tinyVera, 1),
      await randomAdapter(base, otherVera, 2),
      await randomAdapter(base, headVera, 3),
    ];
    made = { first, second, onHead };
    await base.dispose();
  });
  return {
    get opened() {
      return tidy.opened;
    },
    get first() {
      return made.first;
    },
    get second() {
      return made.second;
    },
    get onHead() {
      return made.onHead;
    },
    loadTiny,
    async load(dtype = 'F32', files = made.first) {
      const base = await loadTiny(dtype);
      return [base, await VeraModel.from_pretrained(base, files, { is_trainable: true })];
    },
    async rawBytes() {
      const ofPasses = ['input_ids', 'positions', 'spans', 'label rows', 'labels'];
      return new Map([...(await tidy.opened.contents())].filter(([label]) => !ofPasses.includes(label)));
    },
  };
}

export const logitsOf = async (model: PreTrainedModel) => (await model.forward({ input_ids })).logits.data;

export async function stateOf(model: PreTrainedModel, names?: readonly string[]): Promise<Map<string, number[]>> {
  return new Map([...(await model.state_dict(names))].map(([name, { data }]) => [name, [...data]]));
}
