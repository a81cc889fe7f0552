// Parses what Mesa's compiler for Apple's GPUs (Honeykrisp) prints with AGX_MESA_DEBUG=shaders: listings of the shader and of its
// preambles, each of which starts at address 0.
import { kindBy } from './listing.mjs';

/** @typedef {import('./listing.mjs').Kind} Kind */

const KINDS = /** @type {const} @satisfies {readonly (readonly [Kind, RegExp])[]} */ ([
  ['multiply_add', /^(f?fma|fmadd|hfma)/],
  ['workgroup', /^(local_|threadgroup_(load|store)|lload|lstore)/],
  ['spill', /^(stack_?(load|store)|(ld|st)stack)/],
  ['memory', /^(load|store|device_load|device_store|ld|st|uniform_store)\b/],
  [
    'control',
    /^(jmp|pop_exec|push_exec|while|if|else|begin_cf|break|wait|nop|stop|trap|barrier|threadgroup_barrier|memory_barrier|fence|ret|call)/,
  ],
]);

/** @type {import('./listing.mjs').ListingReader} */
export function readApple(listing) {
  /** @type {{ at: number, code: string }[][]} */
  const listings = [[]];
  for (const line of listing.split('\n')) {
    const found = /^ *([0-9a-f]+): [0-9a-f]{4,}\s+([a-z].*)$/.exec(line);
    if (found === null) continue;
    const at = Number.parseInt(found[1] ?? '', 16);
    if (at === 0) listings.push([]);
    listings.at(-1)?.push({ at, code: found[2] ?? '' });
  }
  const longest = listings.reduce((most, one) => (one.length > most.length ? one : most));
  return longest.flatMap(({ at, code }) => {
    const jump = code.startsWith('jmp') ? /(-?\d+)$/.exec(code)?.[1] : undefined;
    return [{ label: String(at) }, { kind: kindBy(code, KINDS), target: jump && String(at + Number(jump)) }];
  });
}
