// Packs the bundled model and a text as an npm package of their own, for `npm run pack:model`. It publishes nothing.
import { mkdirSync } from 'node:fs';
import { inRepository } from '../shared/paths.mjs';
import { packModel } from './model_package.mjs';

const folder = inRepository('out/model');
mkdirSync(folder, { recursive: true });
const { tarball, unpackedSize } = packModel(folder);
console.log(`${tarball}, ${(unpackedSize / 1e6).toFixed(1)} MB unpacked`);
