// Parses the listing that Mesa's compiler for AMD's GPUs (RADV) prints as "Assembly".
import { kindOf, readBlocks } from '../assembly.mjs';

/** @typedef {import('./listing.mjs').Kind} Kind */

/** @type {Readonly<Record<import('../assembly.mjs').Kind, Kind>>} */
const KINDS = {
  multiply_adds: 'multiply_add',
  other_vector: 'other',
  scalar: 'scalar',
  waits: 'control',
  lds: 'workgroup',
  memory: 'memory',
};

/** @type {import('./listing.mjs').ListingReader} */
export function readAmd(listing) {
  return readBlocks(listing).flatMap(({ name: label, instructions }) => [
    { label },
    ...instructions.map(({ name, operands }) => {
      if (/^s_c?branch/.test(name)) {
        return { kind: /** @type {Kind} */ ('control'), target: operands[0], always: name === 's_branch' };
      }
      return { kind: name.startsWith('scratch_') ? /** @type {Kind} */ ('spill') : KINDS[kindOf(name)] };
    }),
  ]);
}
