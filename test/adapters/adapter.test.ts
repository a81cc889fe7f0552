import { describe, expect, test } from 'vitest';
import { type AdapterKind, kindOf } from '../../src/adapters/adapter';
import { overlayOf, overlayOfRows } from '../../src/adapters/layers/overlay';
import { rowInputs } from '../../src/adapters/layers/rows';
import { LoraConfig } from '../../src/adapters/lora/config/lora_config';
import { loraKind } from '../../src/adapters/lora/kind';
import type { LoraAdapter, ResolvedLora } from '../../src/adapters/lora/lora_adapter';
import { layoutMatrices } from '../../src/adapters/lora/lora_layout';
import { parametersEnd } from '../../src/adapters/pool/pool_layout';
import { folderFiles } from '../../src/formats/models/model_files';
import { pinned, type Value } from '../../src/graph/value';
import { openSource } from '../../src/hub/open_source';
import type { LoadedModel } from '../../src/models/loaded_model';
import { CausalLm } from '../../src/tasks/causal_lm/causal_lm';
import { labelledRows, type TextBatch } from '../../src/tasks/causal_lm/text_batch';
import { layersOfRun } from '../../src/train/steps/loaded_layers';
import { lossProgram, writeBatch } from '../../src/train/steps/loss_program';
import { createOptimizerState, gradientsOf, optimizerProgram } from '../../src/train/steps/optimizer';
import { packStepBlock } from '../../src/train/steps/step_block';
import { loadModel } from '../../src/worker/models/loading/model_loader';
import { randomArray } from '../helpers/maths/random';
import { seededFiles, smallConfigs } from '../helpers/models/seeded_model';
import { FakeRunner } from '../helpers/session/fake_runner';
import { type Memory, runReference } from '../reference/runner';

const ADAMW = {
  adam_beta1: 0.9,
  adam_beta2: 0.999,
  adam_epsilon: 1e-8,
  weight_decay: 0,
  max_grad_norm: 1,
  learning_rate: 1,
  objective: 'labels' as const,
  headLearningRate: null,
};
const ARGS = { max_length: 8, per_device_train_batch_size: 1, gradient_accumulation_steps: 1 };

class MemoryRunner extends FakeRunner {
  readonly memory: Memory = new Map();

  override write(value?: Value, { buffer, byteOffset = 0, byteLength = 0 }: Partial<ArrayBufferView> = {}): void {
    const words = buffer!.slice(byteOffset, byteOffset + byteLength);
    const numbers = value!.dtype === 'f32' ? new Float32Array(words) : new Uint32Array(words);
    this.memory.set(value!, Float64Array.from(numbers));
  }
}

function adapterOn({ model }: LoadedModel, name: string, target_modules: readonly string[]): LoraAdapter {
  const config = new LoraConfig({ r: 4, lora_alpha: 4, target_modules });
  const resolved = loraKind.resolve(config, model, { later: false });
  const pool = pinned(`pool of ${name}`, [resolved.layout.length]);
  const parts = { kind: loraKind, name, key: name, trainable: true, origin: undefined };
  return loraKind.create({ ...parts, pool, resolved, frozen: undefined });
}

/** Creates an adapter that wraps no module. */
function emptyAdapter(name: string, kind: AdapterKind<LoraAdapter, ResolvedLora, undefined> = loraKind): LoraAdapter {
  const resolved = {
    config: new LoraConfig(),
    modules: new Map(),
    trained: [],
    layout: layoutMatrices(new Map(), { lora_bias: false, use_dora: false }),
  };
  const parts = { kind, name, key: name, trainable: true, origin: undefined };
  return kind.create({ ...parts, pool: pinned(name, [0]), resolved, frozen: undefined });
}

describe('an adapter of another kind', () => {
  test('trains: its gradients are those of central differences, and AdamW moves its pool alone', async () => {
    const runner = new MemoryRunner();
    const options = { dtype: 'float32', onUpload: () => {} } as const;
    const loaded = await loadModel(folderFiles(openSource(seededFiles(smallConfigs.llama))), runner, options);
    const task = new CausalLm(loaded.model);
    const adapter = adapterOn(loaded, 'one', ['q_proj', 'down_proj']);
    const overlay = overlayOf([adapter], [adapter]);
    const state = await createOptimizerState(runner, [adapter]);
    const grads = gradientsOf(state);
    const given = { loaded, task, overlay, adapters: [adapter], args: ARGS, grads, maxBindingBytes: 2 ** 27 };
    expect(layersOfRun(given)).toBeUndefined();

    const ids = [3, 9, 4, 17, 5, 30, 11, 8];
    const batch: TextBatch = {
      B: 1,
      T: ids.length,
      input_ids: Uint32Array.from(ids),
      attention_mask: new Uint32Array(ids.length).fill(1),
      ...labelledRows(ids, 1, ids.length),
    };
    const step = lossProgram(task, loaded, overlay, batch, { ...state, training: { grads, seed: 0 } });
    writeBatch(runner, task, step.inputs, batch);
    const { labelled } = batch;
    const block = { step: 1, microStep: 0, labelled, learningRate: 0.01, tokens: labelled, beta1: 0.9, beta2: 0.999 };
    runner.write(state.block, packStepBlock(block));
    const { memory } = runner;
    const pool = randomArray(adapter.layout.length, 7, 0.3);
    memory.set(adapter.pool, pool);
    const before = new Map([...memory].map(([value, numbers]) => [value, numbers.slice()]));
    runReference(step.program.steps, memory);
    const gradient = memory.get(grads.get(adapter)!)!;

    const losses = step.program.steps.find(({ kernel }) => kernel.name === 'loss_sum')!.values.losses!;
    const lossAt = (at: number, change: number): number => {
      const changed = new Map([...before].map(([value, numbers]) => [value, numbers.slice()]));
      changed.get(adapter.pool)![at]! += change;
      const run = runReference(step.program.steps, changed);
      return run.get(losses)!.reduce((sum, value) => sum + value, 0) / labelled;
    };
    for (const { offset } of adapter.layout.parameters.values()) {
      const difference = (lossAt(offset + 1, 1e-5) - lossAt(offset + 1, -1e-5)) / 2e-5;
      expect(Math.abs(difference)).toBeGreaterThan(1e-6);
      expect(Math.abs(gradient[offset + 1]! - difference)).toBeLessThanOrEqual(1e-6);
    }

    runReference(optimizerProgram(state, ADAMW, () => true).steps, memory);
    expect(memory.get(adapter.pool)).not.toEqual(before.get(adapter.pool));
    const moved = [...before].filter(([value, numbers]) => numbers.some((x, at) => x !== memory.get(value)![at]));
    expect(moved.map(([{ name }]) => name).filter((name) => !/pool|step/.test(name))).toEqual([]);
    expect(parametersEnd(adapter.layout)).toBe(adapter.layout.length);
  });

  test('is refused in a batch whose rows name such adapters, but not in one whose rows name none', () => {
    const { rows, ...unmixed } = loraKind;
    const [one, two] = [emptyAdapter('one', unmixed), emptyAdapter('two', unmixed)];
    const base = overlayOf([one, two], []);
    expect(() => rowInputs(overlayOfRows(base, [one, two]).rows, 2)).toThrow(
      expect.objectContaining({
        code: 'invalid_argument',
        message: "adapter_names: adapters of type LORA can't share a batch",
      }),
    );
    expect(rowInputs(overlayOfRows(base, [undefined, undefined]).rows, 2)).toBeUndefined();
  });

  test('never changes a model together with an adapter of a third kind', () => {
    const one = emptyAdapter('one');
    expect(kindOf([one, one])).toBe(one.kind);
    expect(kindOf([])).toBeUndefined();
    const other = emptyAdapter('two', { ...loraKind });
    expect(() => kindOf([one, other])).toThrow(expect.objectContaining({ code: 'internal' }));
  });
});
