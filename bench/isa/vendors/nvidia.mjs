// Parses the listing that Mesa's compiler for NVIDIA's GPUs (NAK) prints as "NAK assembly".
import { kindBy } from './listing.mjs';

/** @typedef {import('./listing.mjs').Kind} Kind */

const KINDS = /** @type {const} @satisfies {readonly (readonly [Kind, RegExp])[]} */ ([
  ['multiply_add', /^(ffma|hfma2)\b/],
  ['workgroup', /^((ld|st|atom)\.shared|lds|sts)/],
  ['spill', /^((ld|st)\.local|ldl|stl)/],
  ['memory', /^(ldg?|stg?|atomg?|red)\b/],
  ['control', /^(bra|bssy|bsync|bclear|nop|exit|bar|warpsync|membar|depbar|ccctl|break|brk|sync|pbk|ssy|kill)\b/],
  ['scalar', /^(r2ur|ldc|s2ur|redux)\b/],
]);

/** @type {import('./listing.mjs').ListingReader} */
export function readNvidia(listing) {
  return listing.split('\n').flatMap(readLine);
}

/**
 * @param {string} line
 * @returns {import('./listing.mjs').Line[]}
 */
function readLine(line) {
  const label = /^block\S* \d+ (L\d+)/.exec(line)?.[1];
  if (label !== undefined) return [{ label }];
  if (!/delay=\d+/.test(line)) return [];
  const code = (line.split('//')[0] ?? '').trim();
  const [, result = '', operation = ''] = /^(?:@!?\w+\s+)?(?:(.*?) = )?(.*)$/.exec(code) ?? [];
  const kind = kindBy(operation, KINDS);
  const isUniform = kind === 'other' && /^u[rp](\d|Z)/.test(result.trim());
  const target = operation.startsWith('bra') ? /L\d+/.exec(operation)?.[0] : undefined;
  // A conditional branch has a predicate, in front of the instruction or as its first operand (`pT` is always true).
  const always = !/^@/.test(code) && /^(bra pT|exit)\b/.test(operation);
  return [{ kind: isUniform ? 'scalar' : kind, target, always }];
}
