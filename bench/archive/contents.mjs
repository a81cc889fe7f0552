// The contents of the benchmark's archive: the benchmark's modules, Node, Dawn, the built library, a model and the peers.
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { formatNotices, noticesOf } from '../../scripts/build/notices.mjs';
import { inRepository } from '../../scripts/shared/paths.mjs';
import { PEERS } from '../isa/isa_options.mjs';
import { bundle } from '../peers/bundle.mjs';

/** @typedef {{ file: string } | { text: string }} Content a file of this machine, or a text */
/** @typedef {Map<string, Content>} Contents by path in the archive */

/**
 * The folder of the archive that is laid out like the repository. It isn't the archive's top, where the launcher has the name of the folder
 * `bench`.
 */
export const APP = 'app';

/** Modules, by their paths in the repository. The archive also gets all that they import. */
const ENTRIES = ['bench/bench.mjs', 'bench/engines/in_node.mjs', 'dist/node.js', 'dist/bench.js'];

const MODEL = 'demo/public/models/prose-1.4M';
const WEBGPU = 'node_modules/webgpu';
const AS_THEY_ARE = [
  'dist/THIRD-PARTY-NOTICES',
  ...['README.md', 'config.json', 'model.safetensors'].map((name) => `${MODEL}/${name}`),
  ...['LICENSE.md', 'index.js', 'package.json', 'dist/linux-x64/dawn.node'].map((name) => `${WEBGPU}/${name}`),
];

/** Paths of Vulkan's loader, which many machines with a driver lack. */
const LOADERS = ['/usr/lib/x86_64-linux-gnu/libvulkan.so.1', '/usr/lib64/libvulkan.so.1', '/usr/lib/libvulkan.so.1'];
const LOADER_LICENCE = `libvulkan.so.1 is the Vulkan loader of the Khronos Group, under the Apache License 2.0:
https://github.com/KhronosGroup/Vulkan-Loader/blob/main/LICENSE.txt
`;

const LAUNCHER = `#!/bin/sh
# Runs the benchmark with this folder's own Node: bench --help
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
# Rented containers often have a driver without the loader.
if ! PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q 'libvulkan\\.so\\.1'; then
  export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
fi
exec "$here/node" "$here/${APP}/bench/bench.mjs" "$@"
`;

/** @returns {Promise<Contents>} */
export async function benchContents() {
  /** @type {Contents} */
  const contents = new Map();
  for (const path of [...modulesFrom(ENTRIES), ...AS_THEY_ARE])
    contents.set(`${APP}/${path}`, { file: inRepository(path) });
  for (const [path, text] of await bundledPeers()) contents.set(`${APP}/peers/${path}`, { text });
  const { version } = JSON.parse(readFileSync(inRepository('package.json'), 'utf8'));
  contents.set(`${APP}/package.json`, {
    text: `${JSON.stringify({ name: 'webvera-bench', version, type: 'module' })}\n`,
  });
  contents.set('LICENSE', { file: inRepository('LICENSE') });
  contents.set('node', { file: process.execPath });
  contents.set('NODE-LICENSE', nodeLicence());
  contents.set('bench', { text: LAUNCHER });
  contents.set('peft_step.py', { file: inRepository('bench/peers/peft_step.py') });
  const loader = LOADERS.find(existsSync);
  if (loader !== undefined) {
    contents.set('lib/libvulkan.so.1', { file: loader });
    contents.set('lib/LICENSE', { text: LOADER_LICENCE });
  }
  return contents;
}

/** Static imports. Imports of types in comments don't match. Modules that an archive imports dynamically are in `ENTRIES`. */
const STATIC_IMPORT = /^(?:import|export)\s*(?:[^'"]*?\sfrom\s*)?['"]([^'"]+)['"]/gm;

/**
 * Modules and all modules that they import.
 * @param {readonly string[]} entries paths relative to the root
 * @returns {string[]} paths relative to the root, sorted
 */
export function modulesFrom(entries) {
  const found = new Set(entries);
  // The loop also visits modules that it adds.
  for (const path of found) {
    for (const [, name = ''] of readFileSync(inRepository(path), 'utf8').matchAll(STATIC_IMPORT)) {
      if (name.startsWith('.')) found.add(join(dirname(path), name));
      else if (!isBuiltin(name)) throw new Error(`${path} imports ${name}, which the archive doesn't have`);
    }
  }
  return [...found].sort();
}

/**
 * Bundles the peers' steps, and collects their licences.
 * @returns {Promise<Map<string, string>>} texts by file name
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

/** @returns {Content} Node's licence, or a text with its address */
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
