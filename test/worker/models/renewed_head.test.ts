import { expect, test } from 'vitest';
import { folderFiles } from '../../../src/formats/models/model_files';
import type { Value } from '../../../src/graph/value';
import { openSource } from '../../../src/hub/open_source';
import { baseIdentity } from '../../../src/worker/models/base_identity';
import { type LoadModelOptions, loadModel } from '../../../src/worker/models/loading/model_loader';
import { goldenBase } from '../../helpers/golden/golden';
import { FakeRunner } from '../../helpers/session/fake_runner';

class Recorder extends FakeRunner {
  readonly written = new Map<string, ArrayBufferView>();
  override write(value?: Value, data?: ArrayBufferView): void {
    if (value !== undefined && data !== undefined) this.written.set(value.name, data);
  }
}

const task = 'sequence_classification';

async function load(base: string, options: Partial<LoadModelOptions>, runner = new Recorder()) {
  const files = folderFiles(openSource(goldenBase(`base/${base}`)));
  const loaded = await loadModel(files, runner, { dtype: 'auto', task, onUpload: () => {}, ...options });
  return { ...loaded, runner };
}

const labels = { id2label: { 0: 'red', 1: 'green', 2: 'blue' } };

test.each([
  ['bert', ['classifier.weight', 'classifier.bias']],
  ['distilbert', ['classifier.weight', 'classifier.bias']],
  ['gpt2-seqcls', ['score.weight']],
  ['roberta-regression', ['classifier.out_proj.weight', 'classifier.out_proj.bias']],
])('%s: a head for other labels has a new last layer, and nothing else is new', async (base, names) => {
  const warnings: string[] = [];
  const own = await load(base, { labels, ignore_mismatched_sizes: true });
  const renewed = await load(base, {
    labels,
    ignore_mismatched_sizes: true,
    renews_head: true,
    warn: ({ code }) => void warnings.push(code),
  });
  expect([...renewed.initial!].sort()).toEqual(names.toSorted());
  expect(warnings).toEqual(['new_head']);
  expect(new Set(renewed.runner.held)).toEqual(new Set([...renewed.weights.values(), ...renewed.constants.values()]));
  for (const [name, data] of own.runner.written) {
    const isSame = Buffer.compare(bytes(data), bytes(renewed.runner.written.get(name)!)) === 0;
    expect(isSame, name).toBe(!names.includes(name) || own.initial!.has(name));
  }
  expect(await baseIdentity(renewed, renewed.runner)).toBe(await baseIdentity(own, own.runner));
});

const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

test.each<[string, LoadModelOptions['labels']]>([
  ['the labels of config.json', { id2label: { 0: 'LABEL_0', 1: 'LABEL_1', 2: 'LABEL_2' } }],
  ['as many labels', { num_labels: 3 }],
  ['a problem type', { problem_type: 'multi_label_classification' }],
  ['no labels', undefined],
])('with %s, the head is that of the files', async (_, given) => {
  const { initial, identity } = await load('bert', { renews_head: true, ...(given && { labels: given }) });
  expect([...initial!]).toEqual([]);
  expect(identity).toBeUndefined();
});

test('if the new layer finds no memory, all is freed', async () => {
  class Full extends Recorder {
    override async allocate(values: Iterable<Value>): Promise<void> {
      const all = [...values];
      if (all.some(({ name, dtype }) => name === 'classifier.bias' && dtype === 'f32') && this.full)
        throw new Error('full');
      this.full ||= all.some(({ name }) => name === 'classifier.bias');
      return super.allocate(all);
    }
    full = false;
  }
  const runner = new Full();
  await expect(load('bert', { labels, renews_head: true }, runner)).rejects.toThrow('full');
  expect(runner.held.size).toBe(0);
});
