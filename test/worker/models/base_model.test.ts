import { expect, test } from 'vitest';
import { DEFAULT_SENTENCES } from '../../../src/core/pooling/sentences';
import type { Value } from '../../../src/graph/value';
import { BaseModel } from '../../../src/worker/models/base_model';
import { mlp } from '../../helpers/models/mlp';
import { FakeRunner } from '../../helpers/session/fake_runner';

/** A device without memory for the tensor of a name. */
class FullRunner extends FakeRunner {
  full: string | undefined = 'after_pooling.0.bias';
  override async allocate(values: Iterable<Value>): Promise<void> {
    const all = [...values];
    if (all.some(({ name }) => name === this.full)) throw new Error('out of memory');
    await super.allocate(all);
  }
}

test('a failed upload of the layers after the pooling leaves nothing, and another holds them once', async () => {
  const runner = new FullRunner();
  const tensor = (...dims: number[]) => ({ dims, data: new Float32Array(dims.reduce((a, b) => a * b)) });
  const tensors = new Map([
    ['after_pooling.0.weight', tensor(2, 3)],
    ['after_pooling.0.bias', tensor(2)],
  ]);
  const readSentences = async () => ({ ...DEFAULT_SENTENCES, tensors: async () => tensors });
  const model = new BaseModel(runner, { model: mlp(), weights: new Map(), constants: new Map() }, { readSentences });
  for (let attempt = 0; attempt < 2; attempt++) {
    await expect(model.dense()).rejects.toThrow('out of memory');
    expect(runner.held.size).toBe(0);
  }
  runner.full = undefined;
  expect([...(await model.dense()).keys()]).toEqual([...tensors.keys()]);
  expect(runner.held.size).toBe(2);
  await model.dispose();
  expect(runner.held.size).toBe(0);
});
