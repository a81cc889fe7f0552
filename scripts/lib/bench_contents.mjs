// What `npm run bench:pack` puts into its archive: the benchmark as it lies here, and what it runs on.
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle } from '../../test/bench/bundle.mjs';
import { PEERS } from './isa_options.mjs';
import { formatNotices, noticesOf } from './notices.mjs';

/** @typedef {{ file: string } | { text: string }} Content a file of this machine, or what is in one */
/** @typedef {Map<string, Content>} Contents by paths in the archive */

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Where it begins, here and there; what these import comes along. */
const ENTRIES = ['scripts/bench.mjs', 'scripts/lib/bench_in_node.mjs', 'dist/node.js', 'dist/bench.js'];

const MODEL = 'demo/public/models/prose-1.4M';
const WEBGPU = 'node_modules/webgpu';
const AS_THEY_ARE = [
  'LICENSE',
  'dist/THIRD-PARTY-NOTICES',
  ...['README.md', 'config.json', 'model.safetensors'].map((name) => `${MODEL}/${name}`),
  ...['LICENSE.md', 'index.js', 'package.json', 'dist/linux-x64/dawn.node'].map((name) => `${WEBGPU}/${name}`),
];

/** Vulkan's loader, which many a machine lacks beside its driver: where systems have it, and what its licence is in. */
const LOADERS = ['/usr/lib/x86_64-linux-gnu/libvulkan.so.1', '/usr/lib64/libvulkan.so.1', '/usr/lib/libvulkan.so.1'];
const LOADER_LICENCE = `libvulkan.so.1 is the Vulkan loader of the Khronos Group, under the Apache License 2.0:
https://github.com/KhronosGroup/Vulkan-Loader/blob/main/LICENSE.txt
`;

const LAUNCHER = `#!/bin/sh
# Runs the benchmark with this folder's own Node: bench --help
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
# A driver comes without its loader where machines are lent in containers.
if ! PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q 'libvulkan\\.so\\.1'; then
  export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
exec "$here/node" "$here/scripts/bench.mjs" "$@"
`;

/** @returns {Promise<Contents>} */
export async function benchContents() {
  /** @type {Contents} */
  const contents = new Map();
  for (const path of [...modulesFrom(ENTRIES), ...AS_THEY_ARE]) contents.set(path, { file: join(root, path) });
  for (const [path, text] of await bundledPeers()) contents.set(`peers/${path}`, { text });
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  contents.set('package.json', { text: `${JSON.stringify({ name: 'webvera-bench', version, type: 'module' })}\n` });
  contents.set('node', { file: process.execPath });
  contents.set('NODE-LICENSE', nodeLicence());
  contents.set('bench', { text: LAUNCHER });
  contents.set('peft_step.py', { file: join(root, 'test/bench/peft_step.py') });
  const loader = LOADERS.find(existsSync);
  if (loader !== undefined) {
    contents.set('lib/libvulkan.so.1', { file: loader });
    contents.set('lib/LICENSE', { text: LOADER_LICENCE });
  }
  return contents;
}

/** Statements alone: types in comments are none, and what is imported when it is needed has an entry of its own. */
const STATIC_IMPORT = /^(?:import|export)\s*(?:[^'"]*?\sfrom\s*)?['"]([^'"]+)['"]/gm;

/**
 * Modules, and all that they import.
 * @param {readonly string[]} entries from the root on
 * @returns {string[]} likewise
 */
export function modulesFrom(entries) {
  const found = new Set(entries);
  // A set goes on to what is added meanwhile.
  for (const path of found) {
    for (const [, name = ''] of readFileSync(join(root, path), 'utf8').matchAll(STATIC_IMPORT)) {
      if (name.startsWith('.')) found.add(join(dirname(path), name));
      else if (!isBuiltin(name)) throw new Error(`${path} imports ${name}, which the archive doesn't have`);
    }
  }
  return [...found].sort();
}

/**
 * With their licences.
 * @returns {Promise<Map<string, string>>} by name
 */
async function bundledPeers() {
  /** @type {Map<string, string>} */
  const files = new Map();
  /** @type {Set<string>} */
  const modules = new Set();
  const listing = { name: 'listing', moduleParsed: (/** @type {{ id: string }} */ { id }) => void modules.add(id) };
  for (const peer of PEERS) {
    const name = `${peer}_step.mjs`;
    files.set(name, await bundle(name, 'node', [listing]));
  }
  const notices = noticesOf(modules, 'The package comes without the text of its licence.');
  return files.set('THIRD-PARTY-NOTICES', formatNotices(notices));
}

/** @returns {Content} */
function nodeLicence() {
  const prefix = dirname(dirname(process.execPath));
  const places = ['LICENSE', 'share/doc/nodejs/copyright', 'share/doc/node/LICENSE', 'share/licenses/nodejs/LICENSE'];
  const file = places.map((place) => join(prefix, place)).find(existsSync);
  if (file !== undefined) return { file };
  const { version } = process;
  return {
    text: `Node.js ${version}, under the licence at https://github.com/nodejs/node/blob/${version}/LICENSE\n`,
  };
}
