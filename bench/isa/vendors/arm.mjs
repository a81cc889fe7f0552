// Parses the listing that Mesa's compiler for ARM's Valhall GPUs (PanVK) prints as "Assembly". On these GPUs, workgroup memory is
// ordinary memory.
import { kindBy } from './listing.mjs';

/** @typedef {import('./listing.mjs').Kind} Kind */

const KINDS = /** @type {const} @satisfies {readonly (readonly [Kind, RegExp])[]} */ ([
  ['multiply_add', /^FMA\b/],
  ['spill', /^(LOAD|STORE|LEA|LD_|ST_).*thread_local_pointer/],
  ['memory', /^(LOAD|STORE|LEA_PKA|LEA_BUF_IMM|LDBUF|LD_|ST_|ATOM)/],
  ['control', /^(BRANCHZI?|JUMP|NOP|BARRIER|RECONVERGE)\b/],
]);

/** @type {import('./listing.mjs').ListingReader} */
export function readArm(listing) {
  const code = listing.split('\n').flatMap((line) => (/^\s+[A-Z]/.test(line) ? [line.trim()] : []));
  return code.flatMap((line, index) => {
    // The offset is a number of instructions, relative to the next instruction.
    const offset = /^(BRANCHZ|JUMP)/.test(line) ? /offset:(-?\d+)/.exec(line)?.[1] : undefined;
    return [
      { label: String(index) },
      {
        kind: kindBy(line, KINDS),
        target: offset && String(index + 1 + Number(offset)),
        always: line.startsWith('JUMP'),
      },
    ];
  });
}
