import { vi } from 'vitest';
import { numel } from '../../../src/core/numbers/shape';
import type { Runner } from '../../../src/graph/runner';
import { pinned, type Value } from '../../../src/graph/value';
import { AutoModelForCausalLM, type PreTrainedModel } from '../../../src/index';
import type { Architecture } from '../../../src/models/architecture';
import * as nn from '../../../src/models/nn';
import { relu } from '../../../src/ops/activations/relu';
import { add } from '../../../src/ops/add';
import { embedding } from '../../../src/ops/rows/embedding';
import { CAUSAL_LM } from '../../../src/tasks/causal_lm/causal_lm';
import { BaseModel } from '../../../src/worker/models/base_model';
import { BaseModelLoader } from '../../../src/worker/models/loading/base_model_loader';
import { randomArray } from '../maths/random';
import type { TestSession } from '../session/session';

/** The layer sizes of the MLP in PEFT's own tests of its adapter methods. */
export const MLP_SIZES = [10, 20, 20, 20, 2] as const;

const LONGEST = 32;

/**
 * Builds an MLP (lin0, lin1, … with ReLU between them) as a causal language model: its inputs are the sums of two fixed
 * embeddings, of token and of position, and the last linear layer is its head.
 */
export function mlp(sizes: readonly number[] = MLP_SIZES): Architecture {
  const linears = sizes.slice(1).map((outFeatures, index) => nn.linear(sizes[index] ?? 0, outFeatures)(`lin${index}`));
  const last = linears.at(-1) as nn.Linear;
  const [features = 0, vocabSize = 0] = [sizes[0], sizes.at(-1)];
  const table = (name: string, rows: number, seed: number): Architecture['constants'][number] => ({
    name,
    shape: [rows, features],
    compute: () => Float32Array.from(randomArray(rows * features, seed)),
  });
  return {
    config: { model_type: 'mlp' },
    text: { vocabSize, maxLength: LONGEST, positions: 'row', eosTokenIds: [], padTokenId: undefined },
    modules: [{ name: '', type: 'MLP' }, { name: 'relu', type: 'ReLU' }, ...linears.flatMap(({ modules }) => modules)],
    weights: linears.flatMap(({ weights }) => weights),
    prefix: '',
    hiddenSize: sizes.at(-2) ?? 0,
    constants: [table('tokens', vocabSize, 11), table('places', LONGEST, 12)],
    task: CAUSAL_LM.facts,
    head: {
      className: 'MLP',
      modules: last.modules,
      weights: last.weights,
      tied: new Map(),
      reads: 'every token',
      outputEmbedding: last.name,
      outputs: vocabSize,
      logits: (_g, layers, hidden) => layers.linear(last.name, hidden),
    },
    tied: new Map(),
    hidden(g, layers, { value, constant }) {
      let x = add(
        g,
        embedding(g, value('input_ids'), constant('tokens')),
        embedding(g, value('position_ids'), constant('places')),
      );
      for (const { name } of linears.slice(0, -1)) x = relu(g, layers.linear(name, x));
      return x;
    },
  };
}

/** Loads the MLP into a session. Its weights are scaled so that activations keep about the same size in all layers. */
export async function loadMlp({ session }: TestSession, sizes?: readonly number[]): Promise<PreTrainedModel> {
  const load = vi
    .spyOn(BaseModelLoader.prototype, 'model')
    .mockImplementation((runner) => textModel(runner, mlp(sizes)));
  try {
    return await AutoModelForCausalLM.from_pretrained({ files: new Map() }, { session });
  } finally {
    load.mockRestore();
  }
}

async function textModel(runner: Runner, model: Architecture): Promise<BaseModel> {
  const weights = new Map<string, Value>();
  for (const [index, { name, shape }] of model.weights.entries()) {
    const value = pinned(name, shape);
    const bound = Math.sqrt(6 / (shape[1] ?? 24));
    await put(runner, value, Float32Array.from(randomArray(numel(shape), index + 1, bound)));
    weights.set(name, value);
  }
  const constants = new Map<string, Value>();
  for (const { name, shape, compute } of model.constants) {
    const value = pinned(name, shape);
    await put(runner, value, compute());
    constants.set(name, value);
  }
  return new BaseModel(runner, { model, weights, constants });
}

async function put(runner: Runner, value: Value, numbers: Float32Array<ArrayBuffer>): Promise<void> {
  await runner.allocate([value]);
  runner.write(value, numbers);
}
