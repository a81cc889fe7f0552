import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './lib/files';
import { type Import, importsOf, isIn, libraryImports, partOf, resolved } from './lib/imports';
import { kinds } from './lib/kinds';

/** The folders with the adapters' configurations, which the page may import too. */
const configs = ['adapters/config', ...kinds.map((kind) => `adapters/${kind}/config`)];

/** For each part of the library, the parts that it may import. No part may import `bench`, which measures the others. */
const rings: Readonly<Record<string, readonly string[]>> = {
  core: [],
  store: ['core/async', 'core/input'],
  graph: ['core'],
  gpu: ['graph', 'core'],
  ops: ['graph', 'core', 'shaders'],
  models: ['ops', 'graph', 'core'],
  regex: ['core'],
  regression: ['core'],
  adapters: ['formats', 'models', 'ops', 'graph', 'regex', 'core'],
  formats: ['core'],
  hub: ['core'],
  tokenizer: ['regex', 'core'],
  chat: ['core'],
  images: ['core'],
  tasks: ['tokenizer', 'images', 'models', 'ops', 'graph', 'core'],
  train: ['tasks', 'adapters', 'models', 'ops', 'graph', 'core'],
  generate: ['adapters', 'models', 'ops', 'graph', 'core'],
  worker: [
    'train',
    'generate',
    'tasks',
    'tokenizer',
    'images',
    'regression',
    'adapters',
    'models',
    'ops',
    'graph',
    'core',
    'gpu',
    'formats',
    'hub',
    'store',
  ],
  page: [...configs, 'core', 'worker/protocol'],
  'index.ts': ['page', ...configs, 'core'],
  'node.ts': ['node', 'index'],
  node: ['page', 'worker', 'chat', 'images', 'store', 'core'],
  // `src/parts` imports only public names, so that an app's own code could do the same.
  parts: ['index'],
  embed: ['parts', 'index'],
  'embed.ts': ['embed', 'index'],
  ai: ['index'],
  'ai.ts': ['ai', 'index'],
  bench: [
    'worker',
    'store',
    'hub',
    'formats',
    'train',
    'tasks',
    'generate',
    'adapters',
    'models',
    'gpu',
    'ops',
    'graph',
    'core',
  ],
};

/** For each of the worker's folders, the others that it may import. Each may also import the protocol's types. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  rpc: [],
  storage: [],
  models: ['storage', 'rpc'],
  adapters: ['models', 'storage', 'rpc'],
  runs: ['adapters', 'models', 'storage', 'rpc'],
  plans: ['adapters', 'models', 'rpc'],
};

/** For each package, the parts of the library that may import it. All other code uses the package through these parts. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '@huggingface/jinja': ['chat'],
  '@noble/hashes/sha2.js': ['hub'],
  '@huggingface/tokenizers': ['tokenizer'],
  comlink: ['page', 'worker'],
  'idb-keyval': ['store'],
  webgpu: ['node'],
};

/** Whether this is a lazy import of worker code by the page. The page needs it for `worker: false` and for the worker's own script. */
const startsTheOtherSide = (one: Import): boolean =>
  partOf(one.file) === 'page' && one.lazy && ['worker', 'chat'].some((part) => isIn(resolved(one), part));

function offences(imports: readonly Import[]): readonly string[] {
  return imports
    .filter((one) => {
      const target = resolved(one);
      const part = partOf(one.file);
      if (!one.target.startsWith('.')) return !(packages[one.target]?.includes(part) ?? false);
      if (isIn(target, part) || startsTheOtherSide(one)) return false;
      if (part === 'page' && target === 'worker/protocol') return !one.typeOnly;
      return !(rings[part] ?? []).some((allowed) => isIn(target, allowed));
    })
    .map((one) => `${one.file} imports ${one.target}`);
}

const library = libraryImports();

test('every part of the library imports only what its ring allows', () => {
  expect(library.length).toBeGreaterThan(100);
  expect(offences(library)).toEqual([]);
});

function roomOffences(imports: readonly Import[]): readonly string[] {
  return imports
    .filter((one) => {
      const [, room = ''] = /^src\/worker\/(\w+)\//.exec(one.file) ?? [];
      const target = resolved(one);
      if (room === '' || !isIn(target, 'worker')) return false;
      if (target === 'worker/protocol') return !one.typeOnly;
      return ![room, ...(rooms[room] ?? [])].some((allowed) => isIn(target, `worker/${allowed}`));
    })
    .map((one) => `${one.file} imports ${one.target}`);
}

test("the worker's rooms import each other in one direction only", () => {
  const found = readdirSync(join(root, 'src/worker'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  expect(found.map(({ name }) => name).sort()).toEqual(Object.keys(rooms).sort());
  expect(roomOffences(library)).toEqual([]);
});

test.each([
  ['src/worker/rpc/a.ts', "import type { B } from '../models/b';"],
  ['src/worker/models/a.ts', "import { b } from '../adapters/b';"],
  ['src/worker/storage/a.ts', "import { b } from '../session';"],
  ['src/worker/runs/a.ts', "import { b } from '../protocol';"],
])('the rule of rooms catches: %s %s', (file, text) => {
  expect(roomOffences(importsOf(file, text))).toHaveLength(1);
});

test.each([
  ['src/core/a.ts', "import { b } from '../graph/b';"],
  ['src/graph/a.ts', "export * from '../ops/b';"],
  ['src/gpu/a.ts', "import type { B } from '../models/b';"],
  ['src/models/a.ts', "import {\n  type B,\n} from '../adapters/b';"],
  ['src/formats/a.ts', "import { b } from '../adapters/wrap';"],
  ['src/page/a.ts', "import { b } from '../worker/protocol';"],
  ['src/page/a.ts', "import { b } from '../worker/worker_session';"],
  ['src/embed/a.ts', "import { b } from '../page/b';"],
  ['src/embed/a.ts', "import type { B } from '../core/b';"],
  ['src/parts/a.ts', "import type { B } from '../embed/b';"],
  ['src/train/a.ts', "const b = await import('../gpu/b');"],
  ['src/models/a.ts', "import wgsl from '../../shaders/add.wgsl?raw';"],
  ['src/page/a.ts', "import { get } from 'idb-keyval';"],
  ['src/core/a.ts', "import { readFile } from 'node:fs';"],
])('the rule catches: %s %s', (file, text) => {
  expect(offences(importsOf(file, text))).toHaveLength(1);
});

test.each([
  ['src/page/a.ts', "import type { B } from '../worker/protocol';"],
  ['src/page/a.ts', "const b = await import('../worker/worker_session');"],
  ['src/ops/a.ts', "import wgsl from '../../shaders/add.wgsl?raw';"],
  ['src/worker/a.ts', "import { expose } from 'comlink';"],
  ['src/index.ts', "export { VeraConfig } from './adapters/vera/config/vera_config';"],
  ['src/embed.ts', "import * as webvera from './index';"],
])('the rule allows: %s %s', (file, text) => {
  expect(offences(importsOf(file, text))).toEqual([]);
});
