import '../helpers/gpu/gpu';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { permutation } from '../../src/core/numbers/rng';
import dataPy from '../../src/formats/run_folder/data.py?raw';
import { VeraModel } from '../../src/index';
import { largestDifference } from '../helpers/golden/golden';
import { cases, exportAt, load, modelFolder, rows, trainHere, writeNew } from './lib/exported';
import { expectGoesOn } from './lib/goes_on';
import { describeWithPeft } from './lib/peft';
import { runFreshPython, runPython } from './lib/python';
import { expectSame, expectSuccess, readOutput } from './lib/python_output';

describeWithPeft('Python goes on as the run would have here', () => {
  test.each(Object.keys(cases))('%s', async (name) => {
    await expectGoesOn(cases[name]!, { isFresh: name === 'llama' });
  });

  test('from the first step, with its own checkpoints, and again after it was interrupted', async () => {
    const one = { ...cases.llama!, args: { save_strategy: 'steps', save_steps: 4 } } as const;
    const here = await trainHere(one);
    const { folder, done } = await exportAt(one, 0);
    expect(done).toBeLessThan(4);
    const command = ['train.py', '--model', modelFolder(one.base)];
    expectSuccess(await runPython(folder, command));
    const whole = readOutput(folder);
    await expectSame(whole, here);
    // Like the browser, the script leaves only the two newest checkpoints.
    const kept = readdirSync(join(folder, 'output')).filter((file) => file.startsWith('checkpoint-'));
    expect(kept.sort()).toEqual(['checkpoint-10', 'checkpoint-8']);
    // Without this file, the newest checkpoint looks as if saving it had been interrupted.
    rmSync(join(folder, 'output/checkpoint-10/trainer_state.json'));
    expectSuccess(await runPython(folder, command));
    expect(readOutput(folder).logs).toEqual(whole.logs);
    const { code, output } = await runPython(folder, command);
    expect({ code, output }).toMatchObject({ code: 1, output: expect.stringContaining('at step 10 of 10') });
  });

  test('with a rate that was halved', async () => {
    const one = cases.llama!;
    const here = await trainHere({ ...one, args: { learning_rate: 0.015 } });
    const { folder, done } = await exportAt(one, 4, { spoilt: true });
    expect(done).toBeLessThan(10);
    expectSuccess(await runPython(folder, ['train.py', '--model', modelFolder(one.base)]));
    await expectSame(readOutput(folder), here);
  });

  test('the outputs of an earlier export are ignored', async () => {
    const one = cases.llama!;
    const { folder, done } = await exportAt(one, 5);
    expect(done).toBeGreaterThan(4);
    mkdirSync(join(folder, 'output/checkpoint-4'), { recursive: true });
    writeFileSync(join(folder, 'output/checkpoint-4/trainer_state.json'), '{"global_step": 4}');
    expectSuccess(await runPython(folder, ['train.py', '--model', modelFolder(one.base)]));
    await expectSame(readOutput(folder), await trainHere(one));
  });

  test('on two processes, with the loss where it stood, and what comes back opens here', async () => {
    const one = cases.llama!;
    const here = await trainHere(one);
    const { folder, done } = await exportAt(one, 4);
    // The run is exported after its first epoch of three steps.
    expect(done).toBeGreaterThan(3);
    const launch = [
      '--cpu',
      '--num_processes',
      '2',
      '--num_machines',
      '1',
      '--mixed_precision',
      'no',
      '--dynamo_backend',
      'no',
    ];
    expectSuccess(await runFreshPython(folder, ['train.py', '--model', modelFolder(one.base)], { launch }));
    const there = readOutput(folder);
    await expectSame(there, here);
    const { model } = await load(one);
    const inputs = { input_ids: [rows[3]!.input_ids] };
    const [a, b] = await Promise.all(
      [there, here].map(async ({ adapter }) => (await VeraModel.from_pretrained(model, adapter)).forward(inputs)),
    );
    // λ may differ by 1e-5 in each of six layers, and logits are near 1.
    expect(largestDifference(a!.logits.data, b!.logits.data)).toBeLessThanOrEqual(1e-4);
    await model.dispose();
  });

  test('rows that are read take little more memory than their file', async () => {
    const line = `${JSON.stringify({ input_ids: Array.from({ length: 1000 }, (_, at) => 30_000 + at) })}\n`;
    const script = `import pathlib, tracemalloc, data
tracemalloc.start()
rows = data.Rows(pathlib.Path("train.jsonl"), 4, False, 0)
assert rows[999]["input_ids"][-1] == 30_999
print(tracemalloc.get_traced_memory()[1])`;
    const files = new Map([
      ['data.py', new Blob([dataPy])],
      ['train.jsonl', new Blob(Array.from({ length: 1000 }, () => line))],
      ['script.py', new Blob([script])],
    ]);
    const { code, output } = await runPython(await writeNew(files), ['script.py']);
    expect(code, output).toBe(0);
    expect(Number(output)).toBeLessThan(1.5 * 1000 * line.length);
  });

  test('draws the order of rows as it is drawn here', async () => {
    const drawn = [
      { length: 1, seed: 0, epoch: 0 },
      { length: 2, seed: 42, epoch: 1 },
      { length: 11, seed: 2 ** 32 - 1, epoch: 2 },
      { length: 1000, seed: Number.MAX_SAFE_INTEGER, epoch: 70_000 },
    ];
    const script =
      'import json, sys, data; print(json.dumps([data.permutation(**key) for key in json.loads(sys.argv[1])]))';
    const files = { 'data.py': dataPy, 'script.py': script };
    const folder = await writeNew(new Map(Object.entries(files).map(([name, text]) => [name, new Blob([text])])));
    const { code, output } = await runPython(folder, ['script.py', JSON.stringify(drawn)]);
    expect(code, output).toBe(0);
    const here = await Promise.all(drawn.map(({ length, seed, epoch }) => permutation(length, seed, epoch)));
    expect(JSON.parse(output)).toEqual(here.map((order) => [...order]));
  });
});
