import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type AdapterFiles, VeraConfig, VeraModel, WebVeraError } from '../../src/index';
import { edited } from '../helpers/bytes/edited';
import { tableRows } from '../helpers/bytes/tables';
import { goldenCase } from '../helpers/golden/golden';
import { randomAdapter } from '../helpers/models/random_adapter';
import { openTestSession } from '../helpers/session/session';
import { DIFFERENCES, type Outcome, type OwnOutcome } from './differences';
import { setScene } from './scene';
import { type Result, SITUATIONS } from './situations';

interface Row {
  readonly situation: string;
  readonly error?: { readonly message: string };
  readonly warnings?: readonly string[];
  readonly result?: 'no error' | readonly string[] | Readonly<Record<string, number>>;
}

const LOSS_TOLERANCE = 1e-4;
const same = (a: number, b: number): string => (Math.abs(a - b) <= LOSS_TOLERANCE ? 'the same loss' : 'another loss');

const recorded = JSON.parse(readFileSync('test/golden/errors.json', 'utf8')).rows as readonly Row[];
const listed = tableRows('docs/PEFT.md', 'Where webvera differs from PEFT').map(([situation]) => situation);

const opened = await openTestSession();
const scene = await setScene(opened);
const warnings: string[] = [];
opened.session.addEventListener('warning', ({ message }) => warnings.push(message));

/** Returns PEFT's outcome. It states only which losses are equal, because PEFT's adapter and batch aren't stored. */
function outcomeOf({ error, warnings = [], result }: Row): Outcome {
  const told = warnings.map((text) => text.replace('UserWarning: ', ''));
  if (error !== undefined) return { error: error.message, warnings: told, result: undefined };
  if (typeof result !== 'object') return { error: undefined, warnings: told, result: 'no error' };
  return { error: undefined, warnings: told, result: comparable(Object.values(result), goldenLoss()) };
}

function comparable(values: readonly (string | number)[], reference: number): readonly string[] {
  const [first, second] = values;
  if (typeof first !== 'number') return values.map(String);
  return [same(first, typeof second === 'number' ? second : reference)];
}

/** Returns PEFT's loss with the saved adapter. */
function goldenLoss(): number {
  const row = recorded.find(({ situation }) => situation === 'load: saved with projections')!;
  return (row.result as { loss: number }).loss;
}

async function run(situation: string): Promise<OwnOutcome> {
  const action = SITUATIONS[situation];
  if (action === undefined) throw new Error(`nobody has written down how to get into: ${situation}`);
  const watch = (): void => void warnings.splice(0);
  watch();
  try {
    const result = await action(scene, watch);
    return { code: undefined, error: undefined, warnings: [...warnings], result: shown(result) };
  } catch (error) {
    if (!(error instanceof WebVeraError)) throw error;
    return { code: error.code, error: error.message, warnings: [...warnings], result: undefined };
  }
}

function shown(result: Result): Outcome['result'] {
  return result === undefined ? 'no error' : comparable(result, scene.loss);
}

test.each(recorded.map(({ situation }) => situation))('%s', async (situation) => {
  const theirs = outcomeOf(recorded.find((row) => row.situation === situation)!);
  const { code, ...ours } = await run(situation);
  if (!listed.includes(situation)) return expect(ours).toEqual(theirs);
  expect(theirs, 'PEFT.md lists a difference that is none').not.toEqual(ours);
  expect({ code, ...ours }).toEqual(DIFFERENCES[situation]);
});

test('PEFT was tested for every difference that PEFT.md lists', () => {
  const known = recorded.map(({ situation }) => situation);
  expect(listed.filter((situation) => !known.includes(situation!))).toEqual([]);
  expect(new Set(listed).size).toBe(listed.length);
  expect(Object.keys(DIFFERENCES).toSorted()).toEqual(listed.toSorted());
});

describe('losses', () => {
  test('are those of the adapter', async () => {
    expect(same(scene.loss, await scene.lossOf(scene.opt))).toBe('another loss');
  });

  test('with doubled values of A are those with doubled λ_d', async () => {
    const { opt, saved, doubled, lossOf } = scene;
    const [file, twice] = [await VeraModel.from_pretrained(opt, doubled), await doubledVectors()];
    expect(same(await lossOf(file), await lossOf(twice))).toBe('the same loss');
    expect(same(await lossOf(file), scene.loss)).toBe('another loss');

    async function doubledVectors(): Promise<VeraModel> {
      const files = await edited(saved, {
        tensors: (all) => {
          for (const [name, { bytes, ...rest }] of all) {
            if (!name.endsWith('vera_lambda_d')) continue;
            const values = new Float32Array(bytes.slice().buffer).map((value) => 2 * value);
            all.set(name, { ...rest, bytes: new Uint8Array(values.buffer) });
          }
        },
      });
      return VeraModel.from_pretrained(opt, files);
    }
  });
});

describe('adapters side by side, bit for bit', () => {
  const { batch } = goldenCase('opt_left_big').inputs;
  const logitsOf = async (model: VeraModel, name: string): Promise<Float32Array> => {
    await model.set_adapter(name);
    return (await model.forward(batch)).logits.data;
  };
  const alone = async (files: AdapterFiles) => logitsOf(await VeraModel.from_pretrained(scene.opt, files), 'default');

  test.each(['saved', 'slim'] as const)('narrow layers after wide ones, %s', async (kind) => {
    const { opt, [kind]: narrow } = scene;
    const wide = await randomAdapter(opt, new VeraConfig({ r: 4, target_modules: ['fc1', 'fc2'] }), 3);
    const model = await VeraModel.from_pretrained(opt, wide);
    await model.load_adapter(narrow, 'narrow');
    const [first, second] = [await alone(wide), await alone(narrow)];
    expect(first).not.toEqual(second);
    expect(await logitsOf(model, 'narrow')).toEqual(second);
    expect(await logitsOf(model, 'default')).toEqual(first);
  });

  test('a second file with other projections', async () => {
    const { opt, saved, doubled } = scene;
    const model = await VeraModel.from_pretrained(opt, saved);
    const before = await logitsOf(model, 'default');
    await model.load_adapter(doubled, 'second');
    expect(await logitsOf(model, 'default')).toEqual(before);
    const second = await logitsOf(model, 'second');
    expect(second).toEqual(await alone(doubled));
    expect(second).not.toEqual(before);
  });
});
