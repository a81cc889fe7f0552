import { type PatternNode, parsePattern } from '../regex/syntax';

/** Turns of a bounded repeat, and bounded repeats before an unbounded one: together, a match has few ways to begin. */
const MAX_TURNS = 8;
const MAX_CHOICES = 2;

/** What white space is, as the library has it in JavaScript's syntax, and what it isn't. */
const SPACE = '\\p{White_Space}';
const NO_SPACE = '\\P{White_Space}';

/**
 * Whether JavaScript's own engine, which tries one way after the other, takes time linear in any text to find all matches of a
 * pattern: true of those of GPT-2, Llama, Qwen and what is like them, by how they are built. Each branch is of one of these:
 *
 * - A bounded beginning, then unbounded repeats of which nothing can make the match fail: ` ?\p{L}+`, ` ?[^\s\p{L}\p{N}]+[\r\n]*`.
 *   Whatever was read is matched, so it isn't read again.
 * - `\s+(?!\S)`, which gives one character back.
 * - `\s*[\r\n]+` or `\s*[\r\n]`, where `\s+(?!\S)` comes next: that takes nearly all of what was read in vain.
 * - `x?A*B+y?` and then `x?A+B*y?`, for capitals before small letters: what the first reads in vain, the second takes.
 */
export function runsLinear(source: string): boolean {
  let root: PatternNode;
  try {
    root = parsePattern(source).root;
  } catch {
    return false;
  }
  const branches = (root.kind === 'choice' ? root.branches : [root]).map(itemsOf);
  return branches.every(
    (items, index) =>
      neverFailsLate(items) ||
      isTrailingSpace(items) ||
      (isLineBreak(items) && isTrailingSpace(branches[index + 1] ?? [])) ||
      isCapitalised(items, branches[index + 1] ?? []),
  );
}

function itemsOf(node: PatternNode): readonly PatternNode[] {
  return node.kind === 'sequence' ? node.items : [node];
}

function neverFailsLate(items: readonly PatternNode[]): boolean {
  const first = items.findIndex(isUnbounded);
  const beginning = first === -1 ? items : items.slice(0, first);
  const rest = items.slice(beginning.length);
  return isBounded(beginning) && rest.every((item, i) => isRun(item, i === 0 ? 1 : 0) || isOption(item));
}

/** Bounded, and may be left out. */
function isOption(item: PatternNode): boolean {
  return item.kind === 'repeat' && item.min === 0 && isBounded([item]);
}

/** Takes characters of one set, without end; at least `most` of them, at most. */
function isRun(item: PatternNode, most: number): boolean {
  return item.kind === 'repeat' && item.body.kind === 'set' && item.min <= most && !item.lazy;
}

function isUnbounded(item: PatternNode): boolean {
  return item.kind === 'repeat' && item.max === Number.POSITIVE_INFINITY;
}

/** Can be gone through in few ways, each of them short. */
function isBounded(items: readonly PatternNode[]): boolean {
  const isFixed = (node: PatternNode): boolean =>
    node.kind === 'set' || (node.kind === 'sequence' && node.items.every(({ kind }) => kind === 'set'));
  const isChoice = (node: PatternNode): boolean =>
    (node.kind === 'choice' && node.branches.length <= 32 && node.branches.every(isFixed)) ||
    (node.kind === 'repeat' &&
      node.max <= MAX_TURNS &&
      (isFixed(node.body) || (node.max === 1 && isChoice(node.body))));
  return items.every((node) => isFixed(node) || isChoice(node)) && items.filter(isChoice).length <= MAX_CHOICES;
}

function isTrailingSpace([run, look, ...others]: readonly PatternNode[]): boolean {
  return (
    others.length === 0 &&
    isSpaces(run, 1) &&
    look?.kind === 'look' &&
    look.negative &&
    !look.behind &&
    isSet(look.body, NO_SPACE)
  );
}

function isLineBreak([run, end, ...others]: readonly PatternNode[]): boolean {
  const set = end?.kind === 'repeat' && isRun(end, 1) ? end.body : end;
  return others.length === 0 && isSpaces(run, 0) && set?.kind === 'set' && /^\[(?:\\[rn])+\]$/.test(set.source);
}

function isSpaces(run: PatternNode | undefined, min: number): boolean {
  return run?.kind === 'repeat' && isUnbounded(run) && !run.lazy && run.min === min && isSet(run.body, SPACE);
}

function isSet(node: PatternNode, source: string): boolean {
  return node.kind === 'set' && (node.source === source || node.source === `[${source}]`);
}

function isCapitalised(items: readonly PatternNode[], next: readonly PatternNode[]): boolean {
  const at = items.findIndex(isUnbounded);
  const [upper, lower, nextUpper, nextLower] = [items[at], items[at + 1], next[at], next[at + 1]];
  const [before, after] = [items.slice(0, at), items.slice(at + 2)];
  return (
    upper !== undefined &&
    lower !== undefined &&
    nextUpper !== undefined &&
    nextLower !== undefined &&
    isRunOf(upper, 0) &&
    isRunOf(lower, 1) &&
    isRunOf(nextUpper, 1) &&
    isRunOf(nextLower, 0) &&
    isSame([bodyOf(upper), bodyOf(lower)], [bodyOf(nextUpper), bodyOf(nextLower)]) &&
    isSame([before, after], [next.slice(0, at), next.slice(at + 2)]) &&
    isBounded(before) &&
    after.every(isOption)
  );
}

function isRunOf(item: PatternNode, min: number): boolean {
  return isRun(item, 1) && isUnbounded(item) && item.kind === 'repeat' && item.min === min;
}

function bodyOf(item: PatternNode): PatternNode {
  return item.kind === 'repeat' ? item.body : item;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
