// `npm run pack:model`: packs the bundled model and a text as a separate npm package, without publishing it.
import { mkdirSync } from 'node:fs';
import { inRepository } from '../shared/paths.mjs';
import { packModel } from './model_package.mjs';

const folder = inRepository('out/model');
mkdirSync(folder, { recursive: true });
const { tarball, unpackedSize } = packModel(folder);
console.log(`${tarball}, ${(unpackedSize / 1e6).toFixed(1)} MB unpacked`);
