import { expect, test } from 'vitest';
import { overlaidLayers } from '../../../src/adapters/layers/wrap';
import { Graph } from '../../../src/graph/graph';
import type { Step } from '../../../src/graph/step';
import { pinned } from '../../../src/graph/value';
import { crossEntropy } from '../../../src/ops/losses/cross_entropy';
import { packStepBlock, stepBlockValue } from '../../../src/train/steps/step_block';
import { randomArray } from '../../helpers/maths/random';
import { seededFiles, smallConfigs } from '../../helpers/models/seeded_model';
import { closeTrainingBench, floatsOf, memoryOf, openTrainingBench } from '../../helpers/session/training_bench';
import { runReference } from '../../reference/runner';

test.each([0, 0.5])(
  'a wrapped head, whose loss comes in chunks, has a mask for each: rows that are the same, at dropout %d',
  async (vera_dropout) => {
    const bench = await openTrainingBench(seededFiles(smallConfigs.llama), [
      { r: 8, target_modules: ['lm_head', 'q_proj'], vera_dropout },
    ]);
    const { executor, loaded, overlay, adapters } = bench;
    const [chunkRows, chunks] = [8, 3];
    const N = chunkRows * chunks;
    const g = new Graph();
    const block = stepBlockValue();
    const hidden = pinned('hidden', [N, 16]);
    const [rows, targets] = [pinned('rows', [N], 'u32'), pinned('targets', [N], 'u32')];
    const { pool } = adapters[0]!;
    const grads = pinned('gradients', pool.shape);
    const into = new Map([[pool, grads]]);
    g.train(pool);
    const layers = overlaidLayers(g, loaded, overlay, { source: { block, seed: 9 } });
    const project = (x: typeof hidden) => loaded.model.head.logits(g, layers, x);
    const { losses } = crossEntropy(g, { hidden, project, outputs: 32, rows, targets, block, chunkRows, into });
    g.grad(losses, losses, into);

    // All chunks contain the same eight rows.
    const eight = randomArray(chunkRows * 16, 6);
    const numbers = new Float32Array(N * 16).map((_, at) => eight[at % eight.length]!);
    executor.write(hidden, numbers);
    executor.write(
      rows,
      Uint32Array.from({ length: N }, (_, row) => row),
    );
    executor.write(
      targets,
      Uint32Array.from({ length: N }, (_, row) => 3 + (row % chunkRows)),
    );
    const fields = { step: 1, microStep: 0, labelled: N, learningRate: 0, tokens: N, beta1: 0.9, beta2: 0.999 };
    executor.write(block, packStepBlock(fields));
    const ready = await executor.load({ name: 'head', steps: g.steps, outputs: [losses] });
    const memory = await memoryOf(executor, g.steps);
    executor.run(ready);
    const found = await floatsOf(executor, losses);
    const gradient = await floatsOf(executor, grads);
    const perChunk = Array.from({ length: chunks }, (_, chunk) => [
      ...found.subarray(chunk * chunkRows, (chunk + 1) * chunkRows),
    ]);
    if (vera_dropout === 0) {
      expect(perChunk[1]).toEqual(perChunk[0]);
      expect(perChunk[2]).toEqual(perChunk[0]);
    } else {
      // The same row has a different loss in each chunk, because each chunk has its own mask.
      for (let row = 0; row < chunkRows; row++) {
        const values = perChunk.map((chunk) => chunk[row]!);
        expect(new Set(values.map((value) => value.toFixed(4))).size, `row ${row}: ${values}`).toBe(chunks);
      }
      expectMasksOnceInChunks(g.steps, chunks);
    }
    runReference(g.steps, memory);
    const expected = memory.get(grads)!;
    const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    expect(scale).toBeGreaterThan(0.001);
    expected.forEach((value, at) => {
      expect(Math.abs(gradient[at]! - value)).toBeLessThanOrEqual(2e-5 * scale);
    });
    ready.release();
    executor.free([hidden, rows, targets, block, grads]);
    closeTrainingBench(bench);
  },
);

/** Expects one mask to be drawn for each chunk. The backward pass draws none, because only λ trains. */
function expectMasksOnceInChunks(steps: readonly Step[], chunks: number): void {
  const drawn = steps.filter(({ kernel }) => kernel.name === 'dropout');
  expect(drawn.map(({ chunk }) => chunk)).toEqual(Array.from({ length: chunks }, (_, chunk) => chunk));
  expect(new Set(drawn.map(({ params }) => params.module_index)).size).toBe(chunks);
}
