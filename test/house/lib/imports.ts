import { dirname } from 'node:path';
import { pathFrom, sources, textOf } from './files';

export interface Import {
  readonly file: string;
  readonly target: string;
  readonly typeOnly: boolean;
  readonly lazy: boolean;
}

/** Returns all imports of a file: static, type-only, re-exported and lazy ones, and workers by URL. */
export function importsOf(file: string, text: string): readonly Import[] {
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

/** Returns the imports of a script, and of types in its comments. */
export function scriptImports(file: string, text: string): readonly Import[] {
  const types = text.matchAll(/\bimport\('(\.[^']+)'\)/g);
  return [
    ...importsOf(file, text),
    ...[...types].map(([, target = '']) => ({ file, target, typeOnly: true, lazy: false })),
  ];
}

/** Returns all imports of the library and of the benchmark. */
export function libraryImports(): readonly Import[] {
  return [...sources('src'), ...sources('bench')].flatMap((file) => importsOf(file, textOf(file)));
}

/** Returns an import's target: in `src/page/rpc/link.ts`, `../../worker/protocol` gives `worker/protocol`. Packages give their name. */
export function resolved({ file, target }: Import): string {
  if (!target.startsWith('.')) return target;
  return pathFrom(dirname(file), target)
    .replace(/^src\//, '')
    .replace(/\?.*$/, '')
    .replace(/\.ts$/, '');
}

/** Returns the part of the library that a file belongs to: `src/page/rpc/link.ts` gives `page`. */
export const partOf = (path: string): string => path.replace(/^src\//, '').split('/')[0] as string;
export const isIn = (path: string, part: string): boolean => path === part || path.startsWith(`${part}/`);
