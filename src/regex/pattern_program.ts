import { type CharacterSet, characterSet, newPages } from './character_set';
import { type Pattern, type PatternNode, parsePattern } from './syntax';

/** The kinds of steps of a program; `a` and `b` are their operands. */
export const Step = {
  /** Match one character of set `a`. */
  Set: 0,
  /** Continue at `a`; if that fails, at `b`. */
  Split: 1,
  /** Continue at `a`. */
  Jump: 2,
  /** Store the position at index `a`. */
  Save: 3,
  /** Test `^`, `$`, `\b` or `\B`, by index in `ASSERTIONS`. */
  Assert: 4,
  /** Test whether the following steps match, from `b` characters before this position on (0 for a look-ahead); then continue at `a`. */
  Look: 5,
  /** Like `Look`, but succeed if they don't match. */
  NotLook: 6,
  /** Match the text of group `a` again. */
  Reference: 7,
  Match: 8,
} as const;

export const ASSERTIONS = ['^', '$', '\\b', '\\B'] as const;

export interface PatternProgram {
  readonly op: Int32Array;
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly sets: readonly CharacterSet[];
  /** For each step, the number of splits (steps with two alternatives) before it. */
  readonly splitsBefore: Int32Array;
  readonly splits: number;
  readonly groups: number;
  readonly hasReferences: boolean;
}

/** The error for a pattern whose program has too many steps. */
export class LargePattern extends SyntaxError {}

/** Compiles a pattern. Throws `SyntaxError` for unsupported patterns, and `LargePattern` for a program of more than `maxSteps` steps. */
export function compilePattern(source: string, unicode: boolean, maxSteps: number): PatternProgram {
  return new Compiler(parsePattern(source), unicode, maxSteps).program();
}

class Compiler {
  readonly #pattern: Pattern;
  readonly #unicode: boolean;
  readonly #maxSteps: number;
  readonly #op: number[] = [];
  readonly #a: number[] = [];
  readonly #b: number[] = [];
  readonly #sets = new Map<string, number>();
  #hasReferences = false;

  constructor(pattern: Pattern, unicode: boolean, maxSteps: number) {
    this.#pattern = pattern;
    this.#unicode = unicode;
    this.#maxSteps = maxSteps;
  }

  program(): PatternProgram {
    this.#emit(this.#pattern.root);
    this.#push(Step.Match);
    let splits = 0;
    const splitsBefore = new Int32Array(this.#op.map((op) => (op === Step.Split ? splits++ : splits)));
    const pages = newPages();
    return {
      op: new Int32Array(this.#op),
      a: new Int32Array(this.#a),
      b: new Int32Array(this.#b),
      sets: [...this.#sets.keys()].map((source) => characterSet(source, this.#unicode, pages)),
      splitsBefore,
      splits,
      groups: this.#pattern.groups,
      hasReferences: this.#hasReferences,
    };
  }

  #push(op: number, a = 0, b = 0): number {
    if (this.#op.length === this.#maxSteps) throw new LargePattern('a pattern that is too large');
    this.#a.push(a);
    this.#b.push(b);
    return this.#op.push(op) - 1;
  }

  #emit(node: PatternNode): void {
    switch (node.kind) {
      case 'set':
        this.#push(Step.Set, this.#set(node.source));
        break;
      case 'sequence':
        for (const item of node.items) this.#emit(item);
        break;
      case 'choice':
        this.#choice(node.branches);
        break;
      case 'repeat':
        this.#repeat(node);
        break;
      case 'group':
        this.#push(Step.Save, 2 * node.index);
        this.#emit(node.body);
        this.#push(Step.Save, 2 * node.index + 1);
        break;
      case 'assertion':
        this.#push(Step.Assert, ASSERTIONS.indexOf(node.source));
        break;
      case 'look':
        this.#look(node);
        break;
      case 'reference':
        this.#reference(node.group);
        break;
    }
  }

  #set(source: string): number {
    const index = this.#sets.get(source) ?? this.#sets.size;
    this.#sets.set(source, index);
    return index;
  }

  #choice(branches: readonly PatternNode[]): void {
    const jumps: number[] = [];
    for (const [index, branch] of branches.entries()) {
      const isLast = index === branches.length - 1;
      const split = isLast ? undefined : this.#push(Step.Split);
      if (split !== undefined) this.#a[split] = this.#op.length;
      this.#emit(branch);
      if (split === undefined) continue;
      jumps.push(this.#push(Step.Jump));
      this.#b[split] = this.#op.length;
    }
    for (const jump of jumps) this.#a[jump] = this.#op.length;
  }

  #repeat({ body, min, max, lazy }: Extract<PatternNode, { kind: 'repeat' }>): void {
    for (let i = 0; i < min; i++) {
      const before = this.#op.length;
      this.#emit(body);
      // A body without steps matches the empty string, and repeating it has no effect.
      if (this.#op.length === before) break;
    }
    const splits: number[] = [];
    const split = (): void => {
      splits.push(this.#push(Step.Split));
    };
    if (max === Number.POSITIVE_INFINITY) {
      const start = this.#op.length;
      split();
      this.#emit(body);
      this.#push(Step.Jump, start);
    } else {
      for (let i = min; i < max; i++) {
        split();
        this.#emit(body);
      }
    }
    const end = this.#op.length;
    for (const at of splits) {
      this.#a[at] = lazy ? end : at + 1;
      this.#b[at] = lazy ? at + 1 : end;
    }
  }

  #look({ body, behind, negative }: Extract<PatternNode, { kind: 'look' }>): void {
    const width = behind ? widthOf(body) : 0;
    if (width === undefined) throw new SyntaxError('a look behind of no fixed length');
    const look = this.#push(negative ? Step.NotLook : Step.Look, 0, width);
    this.#emit(body);
    this.#push(Step.Match);
    this.#a[look] = this.#op.length;
  }

  #reference(group: number | string): void {
    const index = typeof group === 'string' ? this.#pattern.names.get(group) : group;
    if (index === undefined || index > this.#pattern.groups) throw new SyntaxError('a reference to no group');
    this.#hasReferences = true;
    this.#push(Step.Reference, index);
  }
}

/** Returns the number of characters that a node always matches; undefined if it varies. */
function widthOf(node: PatternNode): number | undefined {
  switch (node.kind) {
    case 'set':
      return 1;
    case 'assertion':
    case 'look':
      return 0;
    case 'group':
      return widthOf(node.body);
    case 'reference':
      return undefined;
    case 'sequence':
      return node.items
        .map(widthOf)
        .reduce((sum, width) => (sum === undefined || width === undefined ? undefined : sum + width), 0);
    case 'choice': {
      const [first, ...others] = node.branches.map(widthOf);
      return others.every((width) => width === first) ? first : undefined;
    }
    case 'repeat': {
      const width = widthOf(node.body);
      return width === undefined || node.min !== node.max ? undefined : width * node.min;
    }
  }
}
