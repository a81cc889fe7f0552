import { fileURLToPath } from 'node:url';

/** The folder of the repository, or of an unpacked archive of the benchmark, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** @param {string} path relative to the root, with slashes */
export const inRepository = (path) => ROOT + path;
