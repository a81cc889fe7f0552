import { expect, test } from 'vitest';
import type { HeadPooling } from '../../../src/core/pooling/pooling';
import type { BaseModel } from '../../../src/worker/models/base_model';
import { type RunParts, runIdentity } from '../../../src/worker/runs/checkpoints/run_identity';
import { FakeRunner } from '../../helpers/session/fake_runner';

function identityOf(pooling: HeadPooling, rows: readonly number[] = [1, 2]): Promise<string> {
  const className = 'PooledForSequenceClassification';
  const config = { model_type: 'bert', architectures: [className], pooling };
  const head = { className, pooling };
  const model = { loaded: { weights: new Map(), model: { config, head } }, runner: new FakeRunner() };
  const parts: Omit<RunParts, 'model'> = {
    task: { columns: (row) => [Int32Array.of(Number(row))] },
    overlay: { adapters: [], tensors: new Map() } as unknown as RunParts['overlay'],
    adapters: [],
    rows,
  };
  return runIdentity({ ...parts, model: model as unknown as BaseModel });
}

test('a run over pooled texts is identified by their pooling and rows, but not by their largest length', async () => {
  const mean = { modes: ['mean'], normalize: true } as const;
  const own = await identityOf(mean);
  expect(await identityOf({ ...mean, max_seq_length: 128 })).toBe(own);
  expect(await identityOf({ ...mean, prompt: 'query: ' })).not.toBe(own);
  expect(await identityOf(mean, [1, 3])).not.toBe(own);
});
