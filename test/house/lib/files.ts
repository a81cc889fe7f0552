import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathsBelow, withSlashes } from '../../../scripts/shared/paths.mjs';

/** The absolute path of the repository. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** The file extensions that count as code. */
const CODE = /\.(ts|mjs|js|wgsl|py|html|css|comp|c)$/;
/** Folders that contain data, built files or installed packages. */
const NO_CODE =
  /^(test\/golden|test\/fuzz\/(corpus|findings)|demo\/public)(\/|$)|(^|\/)(node_modules|dist|__pycache__)(\/|$)/;

/** Returns the paths of all files in a folder, relative to the repository and with slashes. */
export function filesIn(folder: string): readonly string[] {
  return pathsBelow(join(root, folder)).map((path) => `${folder}/${path}`);
}

/** Returns the paths of a folder's code files. */
export function codeIn(folder: string): readonly string[] {
  return filesIn(folder).filter((path) => CODE.test(path) && !NO_CODE.test(path));
}

/** Returns the paths of a folder's TypeScript files. */
export function sources(folder: string): readonly string[] {
  return codeIn(folder).filter((path) => path.endsWith('.ts'));
}

/** Returns the paths of a folder's TypeScript and JavaScript files. */
export function modulesIn(folder: string): readonly string[] {
  return codeIn(folder).filter((path) => /\.(ts|mjs|js)$/.test(path));
}

export function textOf(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** Returns the path of `target` relative to the repository; `target` itself is relative to `folder`. */
export function pathFrom(folder: string, target: string): string {
  return withSlashes(relative(root, join(root, folder, target)));
}
