import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The kinds of adapters: each has a room in `adapters/`, and may have one in `page/adapters/`, `ops/` and `shaders/`. */
const kinds = readdirSync(join(root, 'src/adapters'), { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(root, 'src/adapters', entry.name, 'kind.ts')))
  .map(({ name }) => name);
/** The configurations of adapters, which the page knows too. */
const configs = ['adapters/config', ...kinds.map((kind) => `adapters/${kind}/config`)];

/** Which parts of the library a part may import from. No part knows `bench`, which measures them. */
const rings: Readonly<Record<string, readonly string[]>> = {
  core: [],
  store: ['core/input'],
  graph: ['core'],
  gpu: ['graph', 'core'],
  ops: ['graph', 'core', 'shaders'],
  models: ['ops', 'graph', 'core'],
  regex: ['core'],
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
  node: ['page', 'worker', 'chat', 'store', 'core'],
  // A page's own code could be written the same way: it has the public names, and no more.
  parts: ['index'],
  embed: ['parts', 'index'],
  'embed.ts': ['embed', 'index'],
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

/** Which rooms of the worker a room may import from. All of them know the types of the protocol. */
const rooms: Readonly<Record<string, readonly string[]>> = {
  rpc: [],
  storage: [],
  models: ['storage', 'rpc'],
  adapters: ['models', 'storage', 'rpc'],
  runs: ['adapters', 'models', 'storage', 'rpc'],
  plans: ['adapters', 'models', 'rpc'],
};

/** The few files that may use a package; everything else goes through them. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '@huggingface/jinja': ['chat'],
  '@noble/hashes/sha2.js': ['hub'],
  '@huggingface/tokenizers': ['tokenizer'],
  comlink: ['page', 'worker'],
  'idb-keyval': ['store'],
  webgpu: ['node'],
};

interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
  readonly lazy: boolean;
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
}

function sources(folder: string): readonly string[] {
  return filesIn(folder).filter((name) => name.endsWith('.ts'));
}

/** Every import of a file: static, type-only, re-exported, lazy, and workers by URL. */
function importsOf(file: string, text: string): readonly Import[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  const statics = code.matchAll(/^\s*(?:import|export)\s+(type\s)?[^'";]*?from\s*'([^']+)'/gm);
  const bare = code.matchAll(/^\s*import\s*'([^']+)'/gm);
  const lazy = code.matchAll(/(?:\bimport\(|new URL\()\s*'([^']+)'/g);
  return [
    ...[...statics].map(([, type, target = '']) => ({ file, target, typeOnly: type !== undefined, lazy: false })),
    ...[...bare].map(([, target = '']) => ({ file, target, typeOnly: false, lazy: false })),
    ...[...lazy].map(([, target = '']) => ({ file, target, typeOnly: false, lazy: true })),
  ];
}

/** `src/page/rpc/link.ts` and `../worker/protocol` give `worker/protocol`; shaders give `shaders/…`; packages themselves. */
function resolved({ file, target }: Import): string {
  if (!target.startsWith('.')) return target;
  const path = relative(root, join(root, dirname(file), target)).replaceAll('\\', '/');
  return path
    .replace(/^src\//, '')
    .replace(/\?.*$/, '')
    .replace(/\.ts$/, '');
}

const partOf = (path: string): string => path.replace(/^src\//, '').split('/')[0] as string;
const isIn = (path: string, part: string): boolean => path === part || path.startsWith(`${part}/`);

/** Only for `worker: false` and the worker's own script: the page starts the other side, but never links it. */
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

const library = [...sources('src'), ...sources('bench')].flatMap((file) =>
  importsOf(file, readFileSync(join(root, file), 'utf8')),
);

test('every part of the library imports only what its ring allows', () => {
  expect(library.length).toBeGreaterThan(100);
  expect(offences(library)).toEqual([]);
});

/** The rooms of the kinds. */
const isOfAKind = (path: string): boolean =>
  kinds.some((kind) => [`adapters/${kind}`, `page/adapters/${kind}`, `ops/${kind}`].some((room) => isIn(path, room)));

/** Files that may name kinds of adapters, each with its reason. */
const MAY_NAME_KINDS: Readonly<Record<string, string>> = {
  'index.ts': 'exports the public names',
  'adapters/kinds.ts': "the worker's table of kinds",
  'page/adapters/kinds.ts': "the page's table of kinds",
};

/** The words of a text that name a kind, as parts of identifiers too: `asVera` and `vera_placer`, but not `several` and `webvera`. */
function kindNames(text: string): readonly string[] {
  return kinds.flatMap((kind) => {
    const found = text.matchAll(new RegExp(`(\\w*-?)(${kind})(\\w*)`, 'gi'));
    return [...found].flatMap(([word, before = '', name = '', after = '']) => {
      const isProduct = /web-?$/i.test(before);
      const isWithinAWord =
        name === name.toLowerCase() ? /[a-z]$/i.test(before) : name === name.toUpperCase() && /[A-Z]$/.test(before);
      const isLongerWord = /^[a-z]/.test(after) && /[a-z]$/.test(name);
      return isProduct || isWithinAWord || isLongerWord ? [] : [word];
    });
  });
}

test('no file outside the rooms of a kind names one', () => {
  expect(kinds).toContain('vera');
  const texts = filesIn('src').filter((file) => /\.(ts|md|py)$/.test(file));
  const offending = texts.flatMap((file) => {
    const path = file.replaceAll('\\', '/').replace(/^src\//, '');
    const isAllowed = isOfAKind(path) || Object.keys(MAY_NAME_KINDS).some((allowed) => isIn(path, allowed));
    return isAllowed ? [] : kindNames(readFileSync(join(root, file), 'utf8')).map((word) => `${file}: ${word}`);
  });
  expect(offending).toEqual([]);
});

test.each([
  ['asVera(adapter)', ['asVera']],
  ["import { a } from './vera_placer';", ['vera_placer']],
  ['// VeRA alone', ['VeRA']],
  ["peft_type: 'VERA'", ['VERA']],
  ['new WebVeraError(webvera, <web-vera>, several, averages, SEVERAL_HINT)', []],
])('the rule of names finds those in: %s', (text, names) => {
  expect(kindNames(text)).toEqual(names);
});

/** A task has a folder with a file of its name; `classification` holds what several tasks share, and `task` the interfaces. */
const tasks = readdirSync(join(root, 'src/tasks')).filter(
  (name) => name !== 'task' && existsSync(join(root, 'src/tasks', name, `${name}.ts`)),
);
const taskOf = (path: string): string | undefined => tasks.find((name) => isIn(path, `tasks/${name}`));

test('only the table of tasks knows a task', () => {
  const knows = (one: Import): boolean =>
    ![undefined, taskOf(one.file.replace(/^src\//, ''))].includes(taskOf(resolved(one)));
  const offending = library.filter(knows).map(({ file, target }) => `${file} imports ${target}`);
  expect(tasks).toContain('causal_lm');
  // The benchmark makes batches of tokens itself.
  expect(offending.filter((one) => !/^(src\/tasks\/registry|bench\/)/.test(one))).toEqual([]);
});

function roomOffences(imports: readonly Import[]): readonly string[] {
  return imports
    .filter((one) => {
      const [, room = ''] = /^src\/worker\/(\w+)\//.exec(one.file.replaceAll('\\', '/')) ?? [];
      const target = resolved(one);
      if (room === '' || !isIn(target, 'worker')) return false;
      if (target === 'worker/protocol') return !one.typeOnly;
      return ![room, ...(rooms[room] ?? [])].some((allowed) => isIn(target, `worker/${allowed}`));
    })
    .map((one) => `${one.file} imports ${one.target}`);
}

test("the worker's rooms import one way", () => {
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

/** Files that import each other, from one round to itself. */
function circleOf(imports: readonly Import[]): readonly string[] {
  const targets = new Map<string, string[]>();
  for (const one of imports) {
    const file = resolved({ ...one, target: `./${basename(one.file)}` });
    targets.set(file, [...(targets.get(file) ?? []), resolved(one)]);
  }
  const done = new Set<string>();
  const walk = (file: string, path: readonly string[]): readonly string[] => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const target of targets.get(file) ?? []) {
      const circle = walk(target, [...path, file]);
      if (circle.length > 0) return circle;
    }
    done.add(file);
    return [];
  };
  for (const file of targets.keys()) {
    const circle = walk(file, []);
    if (circle.length > 0) return circle;
  }
  return [];
}

test('no files of the library import each other, not even for types', () => {
  expect(circleOf(library)).toEqual([]);
  const [a, b] = [
    importsOf('src/core/a.ts', "import type { B } from './b';"),
    importsOf('src/core/b.ts', "import './a';"),
  ];
  expect(circleOf([...a, ...b])).toEqual(['core/a', 'core/b', 'core/a']);
});

/** All code of a folder: TypeScript, and JavaScript of scripts and pages. */
function codeIn(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(ts|mjs|js)$/.test(name))
    .map((name) => join(folder, name));
}

/** Imports of a script, and the types that its comments import. */
function scriptImports(file: string, text: string): readonly Import[] {
  const types = text.matchAll(/\bimport\('(\.[^']+)'\)/g);
  return [
    ...importsOf(file, text),
    ...[...types].map(([, target = '']) => ({ file, target, typeOnly: true, lazy: false })),
  ];
}

const scripts = [...codeIn('scripts'), ...codeIn('bench')].flatMap((file) =>
  scriptImports(file, readFileSync(join(root, file), 'utf8')),
);

test('no files of scripts and bench import each other, not even for types', () => {
  expect(scripts.length).toBeGreaterThan(300);
  expect(circleOf(scripts)).toEqual([]);
  const [a, b] = [
    scriptImports('scripts/a.mjs', "/** @typedef {import('./b.mjs').B} B */"),
    scriptImports('scripts/b.mjs', "import { a } from './a.mjs';"),
  ];
  expect(circleOf([...a, ...b])).toEqual(['scripts/a.mjs', 'scripts/b.mjs', 'scripts/a.mjs']);
});

test("only the package's command imports the benchmark", () => {
  const outside = scripts.filter((one) => one.file.startsWith('scripts') && isIn(resolved(one), 'bench'));
  expect(outside.map(({ file }) => file)).toEqual(['scripts/cli/main.mjs']);
});

test('modules of scripts and bench hold no state', () => {
  const state = /^(?:export )?(?:let |const \w+ = new (?:Map|Set|WeakMap|WeakSet)\(\))/m;
  const modules = [...codeIn('scripts'), ...codeIn('bench')].map((file) => readFileSync(join(root, file), 'utf8'));
  expect(modules.filter((text) => /^export /m.test(text) && state.test(text))).toEqual([]);
});

/** Folders whose rooms hold at most 15 files each, without their sub-folders. */
const DIVIDED = ['scripts', 'bench', 'test/scripts', 'test/bench'];

test.each(DIVIDED)('no room of %s has more than 15 files', (folder) => {
  const entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && !entry.parentPath.endsWith('__pycache__'));
  const rooms = files.map(({ parentPath }) => relative(root, parentPath));
  expect([...new Set(rooms)].filter((room) => rooms.filter((other) => other === room).length > 15)).toEqual([]);
});

/** Most lines of a file. */
const LONGEST = { src: 300, scripts: 300, bench: 300, test: 400 };

test.each(Object.entries(LONGEST))('no file in %s has more than %i lines', (folder, most) => {
  const files = codeIn(folder);
  const lines = (file: string): number => readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length;
  expect(files.length).toBeGreaterThan(50);
  expect(files.filter((file) => lines(file) > most)).toEqual([]);
});

const reachesInside = (one: Import): boolean => {
  const path = relative(root, join(root, dirname(one.file), one.target)).replaceAll('\\', '/');
  return one.target.startsWith('.') && /^(src|shaders)\//.test(path) && !/^src\/(index(\.ts)?$|parts\/)/.test(path);
};

/** What `package.json` lets others import. */
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { exports: object };
const entries = Object.keys(exports).map((name) => name.replace(/^\./, 'webvera'));
const isNoEntry = ({ target }: Import): boolean => /^webvera\b/.test(target) && !entries.includes(target);

test('no HTML and no code is made from strings', () => {
  const html = ['innerHTML', 'outerHTML', 'insertAdjacentHTML', 'setHTMLUnsafe', 'parseFromString', 'document\\.write'];
  const sinks = new RegExp(`\\b(?:${html.join('|')}|srcdoc|createContextualFragment)\\b|\\beval\\(|\\bFunction\\(`);
  const files = [...sources('src'), ...sources('demo')];
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter((file) => sinks.test(readFileSync(join(root, file), 'utf8')))).toEqual([]);
});

test('the demo uses the public names, and the parts that it shares with the tag', () => {
  const imports = sources('demo').flatMap((file) => importsOf(file, readFileSync(join(root, file), 'utf8')));
  const used = new Set(imports.map(({ target }) => target).filter((target) => target.startsWith('webvera')));
  expect([...used].sort()).toEqual(['webvera', 'webvera/bench']);
  expect(imports.filter(reachesInside)).toEqual([]);
  expect(imports.filter(isNoEntry)).toEqual([]);
  expect(importsOf('demo/a.ts', "import { b } from '../src/page/b';").filter(reachesInside)).toHaveLength(1);
  expect(importsOf('demo/a.ts', "import { b } from 'webvera/page/b';").filter(isNoEntry)).toHaveLength(1);
});

test.each([
  ['src/core/a.ts', "import { b } from '../graph/b';"],
  ['src/graph/a.ts', "export * from '../ops/b';"],
  ['src/gpu/a.ts', "import type { B } from '../models/b';"],
  ['src/models/a.ts', "import {\n  type B,\n} from '../adapters/b';"],
  ['src/formats/a.ts', "import { b } from '../adapters/wrap';"],
  ['src/page/a.ts', "import { b } from '../worker/protocol';"],
  ['src/page/a.ts', "import { b } from '../worker/session';"],
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
  ['src/page/a.ts', "const b = await import('../worker/session');"],
  ['src/ops/a.ts', "import wgsl from '../../shaders/add.wgsl?raw';"],
  ['src/worker/a.ts', "import { expose } from 'comlink';"],
  ['src/index.ts', "export { VeraConfig } from './adapters/vera/config/vera_config';"],
  ['src/embed.ts', "import * as webvera from './index';"],
])('the rule allows: %s %s', (file, text) => {
  expect(offences(importsOf(file, text))).toEqual([]);
});
