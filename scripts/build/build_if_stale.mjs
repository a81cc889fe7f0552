import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../shared/npm.mjs';
import { ROOT } from '../shared/paths.mjs';

const LIBRARY = ['webvera', 'worker', 'chat_worker', 'node', 'embed', 'tag', 'cli'].map((name) => `${name}.js`);
const SOURCES = ['src', 'shaders', 'scripts', 'bench'];

/** Builds the library, unless `dist/` is newer than all sources. */
export function buildIfStale() {
  const built = [...LIBRARY, 'bench.d.ts'].map((file) => `dist/${file}`);
  if (!isFresh(built, SOURCES)) npm(['run', '--silent', 'build'], { stdio: 'inherit' });
}

/** Builds the demo, unless `demo/dist/` is newer than all sources. */
export function buildDemoIfStale() {
  if (!isDemoFresh()) npm(['run', '--silent', 'build:demo'], { stdio: 'inherit' });
}

/** Whether `demo/dist/` is newer than all sources. */
export function isDemoFresh() {
  return isFresh(['demo/dist/index.html', 'demo/dist/sw.js'], [...SOURCES, 'demo']);
}

/**
 * Whether the files `built` exist, and no source in `folders` and no file of the build's configuration is newer.
 * @param {readonly string[]} built
 * @param {readonly string[]} folders
 */
function isFresh(built, folders) {
  const files = built.map((file) => join(ROOT, file));
  if (!files.every(existsSync)) return false;
  const oldest = Math.min(...files.map((file) => statSync(file).mtimeMs));
  const made = folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.includes('__pycache__') && !name.startsWith('dist'))
      .map((name) => join(folder, name)),
  );
  return [...made, 'vite.config.ts', 'tsconfig.build.json', 'package.json', 'package-lock.json'].every((file) => {
    const found = statSync(join(ROOT, file), { throwIfNoEntry: false });
    return found === undefined || found.isDirectory() || found.mtimeMs <= oldest;
  });
}
