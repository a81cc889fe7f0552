// Parses the listing that Mesa's compiler for Intel's GPUs (ANV) prints as "GEN Assembly".
import { kindBy } from './listing.mjs';

/** @typedef {import('./listing.mjs').Kind} Kind */

/** The kind of a `send` instruction, by its message. The message is printed on the same line or on the next one. */
const MESSAGES = /** @type {const} @satisfies {readonly (readonly [Kind, RegExp])[]} */ ([
  ['control', /fence/],
  ['workgroup', /Surface = 254|^\s*slm/],
  ['spill', /bti 253, owords = 2|OWORD block write, bti 253|src0_len = 1, ss|scratch/],
  ['control', /barrier|gateway|EOT|ts\/btd/],
]);
const CONTROL = /^(sync|nop|if|else|endif|while|break|cont|halt|jmpi|wait)$/;

/** @type {import('./listing.mjs').ListingReader} */
export function readIntel(listing) {
  const lines = listing.split('\n');
  return lines.flatMap((line, index) => readLine(line, lines[index + 1] ?? ''));
}

/**
 * @param {string} line
 * @param {string} next
 * @returns {import('./listing.mjs').Line[]}
 */
function readLine(line, next) {
  const label = /^(LABEL\d+):/.exec(line)?.[1];
  if (label !== undefined) return [{ label }];
  const found = /^(?:\([^)]*\) )?([a-z]\w*)[\w.]*(?: nop| allrd| allwr)?\((\d+)\)/.exec(line);
  if (found === null) return [];
  const [, name = '', width = ''] = found;
  if (name.startsWith('send')) {
    const kind = kindBy(line.includes('MsgDesc') ? line : next, MESSAGES);
    return [{ kind: kind === 'other' ? 'memory' : kind }];
  }
  if (/^ma[dc]$/.test(name) && /<1>H?F\b/.test(line)) return [{ kind: 'multiply_add' }];
  if (CONTROL.test(name))
    return [{ kind: 'control', target: name === 'while' ? /JIP:\s+(LABEL\d+)/.exec(line)?.[1] : undefined }];
  return [{ kind: line.includes('WE_all') || width === '1' ? 'scalar' : 'other' }];
}
