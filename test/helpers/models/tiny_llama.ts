import { f32ToF16 } from '../../../src/core/numbers/float16';
import { type RawTensor, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import { toFloat32 } from '../../../src/formats/tensors/values';
import {
  AutoModelForCausalLM,
  get_peft_model,
  type PreTrainedModel,
  VeraConfig,
  type VeraModel,
} from '../../../src/index';
import { randomArray } from '../maths/random';
import type { TestSession } from '../session/session';
import { seededTensors } from './seeded_model';

/** A small Llama that trains quickly: 2 layers, 32 tokens, up to 512 positions. */
export const tinyConfig = {
  model_type: 'llama',
  vocab_size: 32,
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  max_position_embeddings: 512,
  tie_word_embeddings: true,
  bos_token_id: 0,
  eos_token_id: 1,
  pad_token_id: 2,
};

/** Creates the tensors of `tinyConfig` or of another config, with seeded values. */
export function tinyTensors(config = tinyConfig): Map<string, RawTensor> {
  return seededTensors(config, 0);
}

/** Creates the tiny model's tensors in float16. */
export function tinyHalves(): Map<string, RawTensor> {
  return new Map(
    [...tinyTensors()].map(([name, tensor]): [string, RawTensor] => [
      name,
      { ...tensor, dtype: 'F16', bytes: new Uint8Array(f32ToF16(toFloat32(tensor)).buffer) },
    ]),
  );
}

/** Creates the tiny model's two files. A test can replace either of them. */
export function tinyFiles({
  config = tinyConfig,
  weights = writeSafetensors(tinyTensors()),
}: {
  readonly config?: object | string;
  readonly weights?: Uint8Array<ArrayBuffer>;
} = {}): { readonly files: Map<string, Blob> } {
  const json = typeof config === 'string' ? config : JSON.stringify(config);
  return {
    files: new Map([
      ['config.json', new Blob([json])],
      ['model.safetensors', new Blob([weights])],
    ]),
  };
}

export function loadTiny({ session }: TestSession): Promise<PreTrainedModel> {
  return AutoModelForCausalLM.from_pretrained(tinyFiles(), { session });
}

export const tinyVera = new VeraConfig({ r: 8, target_modules: ['down_proj', 'q_proj', 'v_proj'] });

export async function loadTinyVera(opened: TestSession): Promise<VeraModel> {
  return get_peft_model(await loadTiny(opened), tinyVera);
}

/** Creates a row of `length` seeded tokens. */
export function tinyRow(length: number, seed = 0): { input_ids: number[] } {
  return { input_ids: Array.from(randomArray(length, seed), (value) => 3 + Math.floor((value + 1) * 14)) };
}
