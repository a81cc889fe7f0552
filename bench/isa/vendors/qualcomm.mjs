// Parses the listing that Mesa's compiler for Qualcomm's GPUs (Turnip) prints as "IR3 Assembly".
import { kindBy } from './listing.mjs';

/** @typedef {import('./listing.mjs').Kind} Kind */

const KINDS = /** @type {const} @satisfies {readonly (readonly [Kind, RegExp])[]} */ ([
  ['multiply_add', /^mad\.f/],
  ['workgroup', /^(ldl|stl|ldlw|stlw)\b/],
  ['spill', /^(ldp|stp)\b/],
  ['memory', /^(ldib|stib|ldg|stg|isam|resinfo|ldc|atomic|isaml)\b/],
  ['control', /^(br|jump|brao|bra|bany|ball|bar|fence|end|nop|shps|shpe|getone|predt|predf|prede|brac|brax|sleep)\b/],
  // These instructions write a register that all threads share.
  ['scalar', /^[\w.]+ (up\d|a\d|r(4[89]|5\d)\.)/],
]);

/** @type {import('./listing.mjs').ListingReader} */
export function readQualcomm(listing) {
  return listing.split('\n').flatMap(readLine);
}

/**
 * @param {string} line
 * @returns {import('./listing.mjs').Line[]}
 */
function readLine(line) {
  const label = /^(l\d+):/.exec(line)?.[1];
  if (label !== undefined) return [{ label }];
  if (!/^[(a-z]/.test(line) || /^(shader|Native)/.test(line)) return [];
  const [flags = ''] = /^(\([^)]*\)\s*)*/.exec(line) ?? [];
  const code = line.slice(flags.length);
  if (!/^[a-z]/.test(code)) return [];
  const kind = kindBy(code, KINDS);
  const target = kind === 'control' ? /#(l\d+)/.exec(code)?.[1] : undefined;
  // Flags may repeat an instruction, or add waits before it.
  const times = 1 + Number(/\(rpt(\d)\)/.exec(flags)?.[1] ?? 0);
  const waits = Number(/\(nop(\d)\)/.exec(flags)?.[1] ?? 0);
  return [
    ...Array.from({ length: times }, () => ({ kind, target, always: code.startsWith('jump') })),
    ...Array.from({ length: waits }, () => ({ kind: /** @type {const} */ ('control') })),
  ];
}
