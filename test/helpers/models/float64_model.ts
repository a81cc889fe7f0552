import { BASE } from '../../../src/adapters/layers/overlay';
import type { Tensor } from '../../../src/core/types/tensor';
import { folderFiles } from '../../../src/formats/models/model_files';
import type { Value } from '../../../src/graph/value';
import { openSource } from '../../../src/hub/open_source';
import type { LoadedModel } from '../../../src/models/loaded_model';
import { CausalLm } from '../../../src/tasks/causal_lm/causal_lm';
import { logitsProgram, writeBatch } from '../../../src/train/steps/loss_program';
import { loadModel } from '../../../src/worker/models/loading/model_loader';
import { type Memory, runReference } from '../../reference/runner';
import { type GoldenBatch, goldenBase } from '../golden/golden';
import { textBatch } from '../golden/golden_batches';
import { FakeRunner } from '../session/fake_runner';

/** A golden base model in float64, computed by the kernels' references. */
export class Float64Model {
  readonly #loaded: LoadedModel;
  readonly #runner: MemoryRunner;

  private constructor(loaded: LoadedModel, runner: MemoryRunner) {
    this.#loaded = loaded;
    this.#runner = runner;
  }

  static async load(base: string): Promise<Float64Model> {
    const runner = new MemoryRunner();
    const options = { dtype: 'float32', onUpload: () => {} } as const;
    return new Float64Model(await loadModel(folderFiles(openSource(goldenBase(base))), runner, options), runner);
  }

  /**
   * Computes the logits (B·T·V). `over` has tensors, by name, that replace the base model's. Weights of linear layers are
   * (out, in), even if the file stores (in, out).
   */
  logits(batch: GoldenBatch, over: ReadonlyMap<string, Float64Array> = new Map()): Float64Array {
    const { model, weights } = this.#loaded;
    const micro = textBatch(batch);
    const task = new CausalLm(model);
    const { program, inputs, logits } = logitsProgram(task, this.#loaded, BASE, micro);
    writeBatch(this.#runner, task, inputs, micro);
    const memory: Memory = new Map(this.#runner.memory);
    for (const [name, numbers] of over) memory.set(weights.get(name)!, numbers);
    return runReference(program.steps, memory).get(logits)!;
  }

  /** Returns a tensor's numbers; the weight of a linear layer is (out, in). */
  tensor(name: string): Float64Array {
    return this.#runner.memory.get(this.#loaded.weights.get(name)!)!;
  }

  /** Whether the file stores a matrix transposed. */
  isTransposed(name: string): boolean {
    return this.#loaded.model.weights.find((spec) => spec.name === name)!.transposed === true;
  }
}

class MemoryRunner extends FakeRunner {
  readonly memory: Memory = new Map();

  override write(value?: Value, data?: ArrayBufferView<ArrayBuffer>): void {
    this.memory.set(value!, Float64Array.from(data as Float32Array<ArrayBuffer>));
  }
}

/** Computes left (m, k) · right (k, n) in float64. */
export function product(left: Tensor, right: Tensor): Float64Array {
  const [m, k, n] = [left.dims[0]!, left.dims[1]!, right.dims[1]!];
  const result = new Float64Array(m * n);
  for (let row = 0; row < m; row++) {
    for (let inner = 0; inner < k; inner++) {
      const factor = left.data[row * k + inner]!;
      for (let column = 0; column < n; column++) {
        result[row * n + column]! += factor * right.data[inner * n + column]!;
      }
    }
  }
  return result;
}
