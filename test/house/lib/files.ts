import { readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathsBelow } from '../../../scripts/shared/paths.mjs';

/** The repository's folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Languages whose files count as code. */
const CODE = /\.(ts|mjs|js|wgsl|py|html|css|comp|c)$/;
/** Folders of data, of built files and of installed packages. */
const NO_CODE =
  /^(test\/golden|test\/fuzz\/(corpus|findings)|demo\/public)(\/|$)|(^|\/)(node_modules|dist|__pycache__)(\/|$)/;

/** Paths in a folder, from the repository's folder and with slashes. */
export function filesIn(folder: string): readonly string[] {
  return pathsBelow(join(root, folder)).map((path) => `${folder}/${path}`);
}

/** A folder's code. */
export function codeIn(folder: string): readonly string[] {
  return filesIn(folder).filter((path) => CODE.test(path) && !NO_CODE.test(path));
}

/** A folder's TypeScript. */
export function sources(folder: string): readonly string[] {
  return codeIn(folder).filter((path) => path.endsWith('.ts'));
}

/** A folder's TypeScript, and the JavaScript of its scripts and pages. */
export function modulesIn(folder: string): readonly string[] {
  return codeIn(folder).filter((path) => /\.(ts|mjs|js)$/.test(path));
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The path of `target` from the repository's folder; `target` is relative to `folder`. */
export function pathFrom(folder: string, target: string): string {
  return relative(root, join(root, folder, target))
    .split(sep)
    .join('/');
}
