// Budgets for the size of files that pages load.
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { inRepository } from '../shared/paths.mjs';

const KIB = 1024;

/**
 * Bytes after gzip. `first load` counts all files that a page loads before it can train, without a model.
 * @type {Readonly<Record<string, { files: readonly string[], most: number }>>}
 */
const BUDGETS = {
  'webvera.js': { files: ['webvera.js'], most: 54 * KIB },
  'worker.js': { files: ['worker.js'], most: 226 * KIB },
  'chat_worker.js': { files: ['chat_worker.js'], most: 20 * KIB },
  'embed.js': { files: ['embed.js'], most: 64 * KIB },
  'first load': { files: ['webvera.js', 'worker.js'], most: 300 * KIB },
  'first load of embed.js': { files: ['embed.js', 'worker.js'], most: 300 * KIB },
};

/** @returns {{ name: string, bytes: number, most: number }[]} sizes of the built files */
export function measureSizes() {
  const built = Object.entries(BUDGETS).filter(([, { files }]) => files.every((file) => existsSync(pathOf(file))));
  return built.map(([name, { files, most }]) => {
    const bytes = files.reduce((sum, file) => sum + gzipSync(readFileSync(pathOf(file)), { level: 9 }).length, 0);
    return { name, bytes, most };
  });
}

/** @param {string} file */
function pathOf(file) {
  return inRepository(`dist/${file}`);
}
