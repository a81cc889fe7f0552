import { type PatternNode, parsePattern } from '../../regex/syntax';

/**
 * `MAX_TURNS`: the maximum count of a bounded repeat such as `a{1,8}`. `MAX_CHOICES`: the maximum number of choices and bounded repeats
 * before an unbounded repeat. These limits bound the number of ways in which a match can begin, because the engine may try all of them.
 */
const MAX_TURNS = 8;
const MAX_CHOICES = 2;
/** The maximum number of characters that the engine may read at one position of a text, over all ways in which a match can begin. */
const MOST_READ = 2048;
/**
 * The maximum number of large character sets in one match. With about six or more, compilation takes seconds, because the engine copies
 * the code that comes after each set.
 */
const MOST_LARGE = 3;
/** The work to compile a large set of characters, in units of the work for a small set. */
const WORK_OF_LARGE = 12;
/** The maximum work to compile one pattern, in the same unit as `WORK_OF_LARGE`. */
const MOST_WORK = 400;
/** The length from which a set of characters counts as large. */
const LARGE = 16;

/** The character classes into which the library translates `\s` and `\S`. */
const SPACE = '\\p{White_Space}';
const NO_SPACE = '\\P{White_Space}';

/** The cost of a pattern in JavaScript's engine: the maximum number of characters read at one position, and the work to compile it. */
interface NativeCost {
  readonly reads: number;
  readonly work: number;
}

/**
 * Checks whether JavaScript's backtracking engine finds all matches of a pattern in time linear in the length of any text. The patterns of
 * GPT-2, Llama, Qwen and similar models pass. Each branch of such a pattern has one of these forms:
 *
 * - A bounded beginning, then unbounded repeats after which nothing can fail: ` ?\p{L}+`, ` ?[^\s\p{L}\p{N}]+[\r\n]*`.
 *   All characters that were read are matched, so none is read again.
 * - `\s+(?!\S)`, which backtracks by one character.
 * - `\s*[\r\n]+` or `\s*[\r\n]`, followed by the branch `\s+(?!\S)`, which matches nearly all characters that a failed attempt read.
 * - `x?A*B+y?` followed by `x?A+B*y?`, for capitals before small letters: the second branch matches the characters that the first one read.
 *
 * Returns the pattern's cost; undefined if the engine may need more than linear time, or too long to compile the pattern.
 */
export function nativeCost(source: string): NativeCost | undefined {
  let root: PatternNode;
  try {
    root = parsePattern(source).root;
  } catch {
    return undefined;
  }
  const branches = (root.kind === 'choice' ? root.branches : [root]).map(itemsOf);
  const reads = branches.reduce((sum, items) => sum + waysOf(items) * sizeOf({ kind: 'sequence', items }, () => 1), 0);
  const work = sizeOf(root, workOf, (sizes) => sizes.reduce((sum, size) => sum + size, 0));
  const isSmall = reads <= MOST_READ && work <= MOST_WORK && sizeOf(root, (set) => +isLarge(set)) <= MOST_LARGE;
  return isSmall && areLinear(branches) ? { reads, work } : undefined;
}

/** Sums `ofSet` over all sets in a node. `ofChoice` combines the sums of a choice's branches. Default: the largest one. */
function sizeOf(
  node: PatternNode,
  ofSet: (source: string) => number,
  ofChoice = (sizes: readonly number[]) => Math.max(...sizes),
): number {
  const of = (part: PatternNode): number => sizeOf(part, ofSet, ofChoice);
  switch (node.kind) {
    case 'set':
      return ofSet(node.source);
    case 'sequence':
      return node.items.reduce((sum, item) => sum + of(item), 0);
    case 'choice':
      return ofChoice(node.branches.map(of));
    case 'repeat':
      return of(node.body) * (isUnbounded(node) ? 1 : node.max);
    case 'group':
    case 'look':
      return of(node.body);
    default:
      return 0;
  }
}

/** Whether a set of characters names one of Unicode's large properties, or many characters. */
function isLarge(source: string): boolean {
  const spaceless = source.replace(/\\p\{White_Space\}/gi, '');
  return spaceless.length > LARGE || /\\p/i.test(spaceless);
}

function workOf(source: string): number {
  if (source.length === 1 && source !== '.') return 0;
  return isLarge(source) ? WORK_OF_LARGE : 1;
}

function areLinear(branches: readonly (readonly PatternNode[])[]): boolean {
  return branches.every(
    (items, index) =>
      neverFailsLate(items) ||
      isTrailingSpace(items) ||
      (isLineBreak(items) && isTrailingSpace(branches[index + 1] ?? [])) ||
      isCapitalised(items, branches[index + 1] ?? []),
  );
}

/** Returns the number of ways in which the bounded items of a sequence can match. */
function waysOf(items: readonly PatternNode[]): number {
  const of = (node: PatternNode): number => {
    if (node.kind === 'choice') return node.branches.length;
    if (node.kind !== 'repeat' || isUnbounded(node)) return 1;
    return (node.max - node.min + 1) * of(node.body);
  };
  return items.reduce((ways, item) => ways * of(item), 1);
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

/** Whether an item is bounded and may match the empty text. */
function isOption(item: PatternNode): boolean {
  return item.kind === 'repeat' && item.min === 0 && isBounded([item]);
}

/** Whether an item repeats one character set greedily, and may stop after `most` or fewer repetitions. */
function isRun(item: PatternNode, most: number): boolean {
  return item.kind === 'repeat' && item.body.kind === 'set' && item.min <= most && !item.lazy;
}

function isUnbounded(item: PatternNode): boolean {
  return item.kind === 'repeat' && item.max === Number.POSITIVE_INFINITY;
}

/** Whether the items can match in few ways only, and only short parts of a text. */
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
  const [before, after] = [items.slice(0, at), items.slice(at + 2)];
  const bodies = (of: readonly PatternNode[]): unknown[] =>
    of.slice(at, at + 2).map((item) => item.kind === 'repeat' && item.body);
  return (
    isRunOf(items[at], 0) &&
    isRunOf(items[at + 1], 1) &&
    isRunOf(next[at], 1) &&
    isRunOf(next[at + 1], 0) &&
    isSame([before, bodies(items), after], [next.slice(0, at), bodies(next), next.slice(at + 2)]) &&
    isBounded(before) &&
    after.every(isOption)
  );
}

function isRunOf(item: PatternNode | undefined, min: number): boolean {
  return item?.kind === 'repeat' && isRun(item, 1) && isUnbounded(item) && item.min === min;
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
