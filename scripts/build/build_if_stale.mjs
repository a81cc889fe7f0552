import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { npm } from '../shared/npm.mjs';
import { ROOT } from '../shared/paths.mjs';

/** Builds the library, unless `dist/` is newer than all sources. */
export function buildIfStale() {
  if (!isFresh()) npm(['run', '--silent', 'build'], { stdio: 'inherit' });
}

function isFresh() {
  const built = [
    'webvera.js',
    'worker.js',
    'chat_worker.js',
    'node.js',
    'embed.js',
    'tag.js',
    'cli.js',
    'bench.d.ts',
  ].map((file) => join(ROOT, 'dist', file));
  if (!built.every(existsSync)) return false;
  const oldest = Math.min(...built.map((file) => statSync(file).mtimeMs));
  const made = ['src', 'shaders', 'scripts', 'bench'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => !name.includes('__pycache__'))
      .map((name) => join(folder, name)),
  );
  return [...made, 'vite.config.ts', 'tsconfig.build.json', 'package.json', 'package-lock.json'].every((file) => {
    const found = statSync(join(ROOT, file), { throwIfNoEntry: false });
    return found === undefined || found.isDirectory() || found.mtimeMs <= oldest;
  });
}
