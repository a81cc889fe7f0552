import { overlayOf } from '../../../src/adapters/layers/overlay';
import type { ModeChoice } from '../../../src/adapters/layers/training_layers';
import { VeraConfig } from '../../../src/adapters/vera/config/vera_config';
import { resolveVeraTargets } from '../../../src/adapters/vera/vera_targets';
import type { Step } from '../../../src/graph/step';
import { pinned, type Value } from '../../../src/graph/value';
import type { LoadedModel } from '../../../src/models/loaded_model';
import { resolveTrainingArguments } from '../../../src/page/training/training_arguments';
import { CausalLm } from '../../../src/tasks/causal_lm/causal_lm';
import { createArchitecture } from '../../../src/tasks/task_registry';
import { layersOfRun } from '../../../src/train/steps/loaded_layers';
import { lossProgram } from '../../../src/train/steps/loss_program';
import { gradientsOf, optimizerProgram, readBy } from '../../../src/train/steps/optimizer';
import { statsValue, stepBlockValue } from '../../../src/train/steps/step_block';
import { unplacedVera } from './vera_placer';

/** The sizes of a Llama and of its training step. */
export interface LlamaSizes {
  readonly C: number;
  readonly F: number;
  readonly V: number;
  readonly T: number;
  readonly B: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly r: number;
  /** The storage format of weight matrices. Default: f32. */
  readonly dtype?: 'f16';
}

/** The benchmark's models. */
export const tiny: LlamaSizes = { C: 64, F: 172, V: 512, T: 256, B: 4, layers: 5, heads: 8, kvHeads: 4, r: 64 };
export const small: LlamaSizes = { C: 288, F: 768, V: 32_000, T: 256, B: 1, layers: 6, heads: 6, kvHeads: 6, r: 256 };
export const smollm2: LlamaSizes = {
  ...{ C: 576, F: 1536, V: 49_152, T: 64, B: 1, layers: 30, heads: 9, kvHeads: 3, r: 256 },
  dtype: 'f16',
};

/**
 * Plans a training step without running it. All seven linear layers of each block are adapted; `modes` chooses how they are computed.
 * `joinsSteps`: as for a GPU (default), not for a software GPU.
 */
export function trainingSteps(sizes: LlamaSizes, modes: ModeChoice, joinsSteps = true): readonly Step[] {
  const { C, F, V, T, B, layers, heads, kvHeads, r, dtype = 'f32' } = sizes;
  const model = createArchitecture({
    model_type: 'llama',
    hidden_size: C,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: kvHeads,
    intermediate_size: F,
    vocab_size: V,
    max_position_embeddings: T,
    rms_norm_eps: 1e-5,
    hidden_act: 'silu',
    tie_word_embeddings: true,
  });
  const weights = model.weights.map(
    ({ name, shape, kind }) => [name, pinned(name, shape, kind === 'matrix' ? dtype : 'f32')] as const,
  );
  const loaded: LoadedModel = {
    model,
    joinsSteps,
    weights: new Map(weights),
    constants: new Map(model.constants.map(({ name, shape }) => [name, pinned(name, shape)])),
  };
  const init = { r, target_modules: ['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'] };
  const { modules, config, max_in, max_out } = resolveVeraTargets(new VeraConfig(init), model.modules, {
    model_type: 'llama',
    output_embedding: model.head.outputEmbedding,
  });
  const adapter = unplacedVera({ config, modules, max_in, max_out });
  const like = (name: string): Value => pinned(name, adapter.pool.shape);
  const pools = new Map([[adapter, { grads: like('grads'), m: like('m'), v: like('v') }]]);
  const state = { pools, block: stepBlockValue(), stats: statsValue() };
  const grads = gradientsOf(state);
  const task = new CausalLm(model);
  const overlay = overlayOf([adapter], [adapter]);
  const args = resolveTrainingArguments({ max_length: T, per_device_train_batch_size: B });
  const run = { loaded, task, overlay, adapters: [adapter], args, modes, grads };
  const around = layersOfRun({ ...run, maxBindingBytes: 2 ** 27 });
  const training = { grads, seed: 0, layers: around };
  const { program } = lossProgram(task, loaded, overlay, { B, T }, { ...state, training });
  const optimizer = optimizerProgram(state, args, readBy(loaded, args));
  return [around?.before, program, around?.after, optimizer].flatMap((part) => part?.steps ?? []);
}
