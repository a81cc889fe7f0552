import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { defaultLimits } from '../../../src/core/types/source';
import { readDenseTensors, readSentenceModules } from '../../../src/formats/models/sentence_modules';
import { readTokenizerFiles } from '../../../src/worker/models/loading/tokenizer_files';
import { tableRows } from '../../helpers/bytes/tables';
import { MemorySource } from '../../helpers/session/memory_source';

const PAGE = 'docs/guide/hosting.md';
const table = tableRows(PAGE, 'Which files').map(([files = '']) => files);
const isListed = (file: string): boolean => table.some((files) => files.match(/[\w./-]+/g)?.includes(file));

/** Records the names of the files that are requested. */
class Recording extends MemorySource {
  readonly asked = new Set<string>();
  override open(file: string): ReturnType<MemorySource['open']> {
    this.asked.add(file);
    return super.open(file);
  }
}

const bytes = (value: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));

test('the guide lists each file whose name the readers of models have', () => {
  const rooms = ['src/formats/models', 'src/worker/models/loading'];
  const code = rooms.flatMap((room) => readdirSync(room).map((file) => readFileSync(join(room, file), 'utf8'))).join();
  const names = [...code.matchAll(/'([\w/]+\.(?:json|txt|jinja|safetensors|bin)(?:\.index\.json)?)'/g)];
  expect(names.length).toBeGreaterThan(15);
  expect([...new Set(names.map(([, name = '']) => name))].filter((name) => !isListed(name))).toEqual([]);
});

test('the guide lists each file that is requested for sentence encoders and for vocabularies', async () => {
  const types = { '': 'Transformer', '1_Pooling': 'Pooling', '2_Dense': 'Dense', '2_Normalize': 'Normalize' };
  const modules = Object.entries(types).map(([path, type], idx) => {
    return { idx, name: `${idx}`, path, type: `sentence_transformers.models.${type}` };
  });
  const sentences = new Recording({
    'modules.json': bytes(modules),
    '1_Pooling/config.json': bytes({}),
    '2_Dense/config.json': bytes({ in_features: 2, out_features: 1 }),
  });
  const { dense = [] } = (await readSentenceModules(sentences, defaultLimits))?.pooling ?? {};
  const first = sentences.asked.size;
  await expect(readDenseTensors(sentences, dense, defaultLimits)).rejects.toMatchObject({ code: 'not_found' });
  const weights = [...sentences.asked].slice(first).filter((name) => /\.(?:safetensors|bin)$/.test(name));
  expect(weights).toEqual(['2_Dense/model.safetensors', '2_Dense/pytorch_model.bin']);
  const vocabulary = new Recording({
    'vocab.txt': new TextEncoder().encode('[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n'),
    'config.json': bytes({ model_type: 'bert' }),
  });
  await readTokenizerFiles(vocabulary, defaultLimits);
  const asked = [...[...sentences.asked].slice(0, first), ...weights, ...vocabulary.asked];
  expect(asked.length).toBeGreaterThan(12);
  expect(asked.filter((name) => !isListed(name))).toEqual([]);
});
