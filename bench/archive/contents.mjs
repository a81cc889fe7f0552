// Collects the contents of the benchmark's archive: the benchmark's modules, Node, Dawn, the built library, a model and the peers (the
// libraries with which webvera is compared).
import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { dirname, join } from 'node:path';
import { formatNotices, noticesOf } from '../../scripts/build/notices.mjs';
import { inRepository } from '../../scripts/shared/paths.mjs';
import { PEERS } from '../isa/isa_options.mjs';
import { bundle } from '../peers/bundle.mjs';

/** @typedef {{ file: string } | { text: string }} Content a file on this machine, or the text of a file */
/** @typedef {Map<string, Content>} Contents the archive's files, by path */

/**
 * The subfolder of the archive that is laid out like the repository. The archive's top level can't have this layout: its launcher is
 * a file named `bench`, and the repository has a folder with this name.
 */
export const APP = 'app';

/** Entry modules, as paths in the repository. The archive also contains all modules that they import. */
const ENTRIES = ['bench/bench.mjs', 'bench/engines/in_node.mjs', 'dist/node.js', 'dist/bench.js'];

const MODEL = 'demo/public/models/prose-1.4M';
const WEBGPU = 'node_modules/webgpu';
const AS_THEY_ARE = [
  'dist/THIRD-PARTY-NOTICES',
  ...['README.md', 'config.json', 'model.safetensors'].map((name) => `${MODEL}/${name}`),
  ...['LICENSE.md', 'index.js', 'package.json', 'dist/linux-x64/dawn.node'].map((name) => `${WEBGPU}/${name}`),
];

/** Possible paths of the Vulkan loader. The loader is packed, because many machines have a driver but no loader. */
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

/** Matches static imports, but not imports of types in comments. Modules that the archive's code imports dynamically are in `ENTRIES`. */
const STATIC_IMPORT = /^(?:import|export)\s*(?:[^'"]*?\sfrom\s*)?['"]([^'"]+)['"]/gm;

/**
 * Returns the entry modules and all modules that they import, directly or indirectly.
 * @param {readonly string[]} entries paths relative to the root
 * @returns {string[]} paths relative to the root, sorted
 */
export function modulesFrom(entries) {
  const found = new Set(entries);
  // The loop also visits the modules that it adds to the set.
  for (const path of found) {
    for (const [, name = ''] of readFileSync(inRepository(path), 'utf8').matchAll(STATIC_IMPORT)) {
      if (name.startsWith('.')) found.add(join(dirname(path), name));
      else if (!isBuiltin(name)) throw new Error(`${path} imports ${name}, which the archive doesn't have`);
    }
  }
  return [...found].sort();
}

/**
 * Bundles the peers' training steps, and collects the licences of the bundled packages.
 * @returns {Promise<Map<string, string>>} texts of the files, by file name
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

/** @returns {Content} Node's licence, or a text that links to it */
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
