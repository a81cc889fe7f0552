import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { folderFiles } from '../../../src/formats/models/model_files';
import { type RawTensor, readSafetensors, writeSafetensors } from '../../../src/formats/tensors/safetensors';
import type { Value } from '../../../src/graph/value';
import { openSource } from '../../../src/hub/open_source';
import { fileName } from '../../../src/worker/models/loading/file_order';
import { loadModel } from '../../../src/worker/models/loading/model_loader';
import { planModel } from '../../../src/worker/plans/plan_model';
import { stateDictFile } from '../../helpers/bytes/torch_bytes';
import { FakeRunner } from '../../helpers/session/fake_runner';

type Tensors = ReadonlyMap<string, RawTensor>;

const config = readFileSync('test/golden/base/bert/config.json');
const { tensors } = readSafetensors(new Uint8Array(readFileSync('test/golden/base/bert/model.safetensors')));

/** The tensors under the names of bert-base-uncased's files, which were converted from TensorFlow. */
const old: Tensors = new Map(
  [...tensors].map(([name, tensor]) => [
    name.replace('LayerNorm.weight', 'LayerNorm.gamma').replace('LayerNorm.bias', 'LayerNorm.beta'),
    tensor,
  ]),
);
const NORM = 'bert.embeddings.LayerNorm.weight';
const GAMMA = 'bert.embeddings.LayerNorm.gamma';
const LOAD = { dtype: 'auto', task: 'sequence_classification', progress: false } as const;

class Recorder extends FakeRunner {
  readonly written = new Map<string, ArrayBufferView>();
  override write(value?: Value, data?: ArrayBufferView): void {
    if (value !== undefined && data !== undefined) this.written.set(value.name, data);
  }
}

async function load(file: string, bytes: BlobPart) {
  const files = new Map([
    ['config.json', new Blob([config])],
    [file, new Blob([bytes])],
  ]);
  const runner = new Recorder();
  const options = { dtype: 'auto', task: 'sequence_classification', onUpload: () => {} } as const;
  const loaded = await loadModel(folderFiles(openSource({ files })), runner, options);
  return { ...loaded, written: runner.written };
}

const loadSafetensors = (given: Tensors) => load('model.safetensors', writeSafetensors(given));

test.each<[string, () => ReturnType<typeof load>]>([
  ['safetensors', () => loadSafetensors(old)],
  ['torch', () => load('pytorch_model.bin', stateDictFile([...old]))],
  [
    'safetensors of a model without a head',
    () => loadSafetensors(new Map([...old].map(([name, tensor]) => [name.replace('bert.', ''), tensor]))),
  ],
])('norms whose tensors are named gamma and beta are loaded: %s', async (_, loadOld) => {
  expect(old.has(GAMMA) && !old.has(NORM)).toBe(true);
  const [now, then] = [await loadSafetensors(tensors), await loadOld()];
  expect(then.written).toEqual(now.written);
  expect(then.initial).toEqual(now.initial);
  expect(fileName(then.model, NORM)).toBe(NORM);
});

test('they are planned as they are loaded', () => {
  const plan = (given: Tensors) =>
    planModel({
      ...{
        config: JSON.parse(config.toString()),
        sentences: undefined,
        imageSize: undefined,
        load: LOAD,
        task_type: null,
      },
      tensors: [...given].map(([name, { dtype, shape }]) => ({ name, dtype, shape })),
      maxBindingBytes: Number.POSITIVE_INFINITY,
    });
  expect([...plan(old).weights.keys()]).toEqual([...plan(tensors).weights.keys()]);
});

test('a norm under both names is refused', async () => {
  const twice = new Map([...tensors, [GAMMA, tensors.get(NORM)!]] as const);
  await expect(loadSafetensors(twice)).rejects.toMatchObject({ code: 'invalid_format' });
});

test('another tensor of the name gamma is none', async () => {
  const other = new Map([...tensors].filter(([name]) => name !== NORM));
  other.set('bert.embeddings.gamma', tensors.get(NORM)!);
  await expect(loadSafetensors(other)).rejects.toMatchObject({ message: expect.stringContaining(NORM) });
});
