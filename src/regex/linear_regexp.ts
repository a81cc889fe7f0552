import type { CharacterSet } from './character_set';
import { ASSERTIONS, compilePattern, type PatternProgram, Step } from './pattern_program';
import type { StepBudget } from './step_budget';

/** The position of a match in a text, and its groups. */
interface Match {
  readonly start: number;
  readonly end: number;
  /** The number of groups. */
  readonly groups: number;
  /** Returns the text of a group, as in `RegExp`: group 0 is the whole match. */
  group(index: number): string | undefined;
}

/** The states of a cell. There is a cell for each split (a step with two alternatives) of the program at each position of the text. */
const UNKNOWN = 0;
const FAILED = 1;
const IN_PROGRESS = 2;
const MATCHED = 3;
/**
 * Kinds of stack entries. An entry has two numbers, its kind and a value. When it is popped, the search
 * - tries the step with this value at a position, if the kind is `TRY_AT` plus this position;
 * - sets the cell with this value to `FAILED`, if the kind is `SETTLE`;
 * - restores this value in `#saved` at an index, if the kind is `RESTORE` minus this index.
 */
const TRY_AT = 1;
const SETTLE = 0;
const RESTORE = -1;
const { Set: SET, Split: SPLIT, Jump: JUMP, Save: SAVE, Assert: ASSERT } = Step;
const { Look: LOOK, NotLook: NOT_LOOK, Reference: REFERENCE } = Step;
/** The default for the largest number of steps of a pattern's program, which limits the time for each character of a text. */
const MAX_STEPS = 4096;
/** The largest number of bytes for the cells of a search. */
const MAX_MEMORY = 2 ** 26;
/** Clearing this many cells costs as much of the budget as one step. */
const CELLS_OF_STEP = 32;
/** The cost of compiling, in steps of a budget: `WORK_OF_STEP` for each step of the program, `WORK_OF_SET` for each character set. */
const WORK_OF_STEP = 4;
const WORK_OF_SET = 32;

/**
 * A regular expression whose time is limited for every text. It finds the same matches as JavaScript's `RegExp`, because it tries
 * alternatives in the same order. It remembers failures, so each step of the pattern is tried at most once at each position of the text,
 * even over all starting positions, and the time is at most linear in the text's length. In patterns with back references, failures can't
 * be remembered; for them only the budget limits the time.
 *
 * The texts of groups within look-arounds are not reliable. An optional part that matches the empty string counts as matched, as in Python
 * and Oniguruma.
 */
export class LinearRegExp {
  /** The work of compiling the pattern, in steps of a budget. */
  readonly work: number;
  readonly #program: PatternProgram;
  readonly #unicode: boolean;

  /**
   * `source` is written as for `RegExp`, with the flag `u` or without flags. `maxSteps`, 4096 by default, may be larger if budgets limit
   * the time. Throws `SyntaxError` for unsupported patterns, and `LargePattern`, a subclass of it, for patterns of more steps.
   */
  constructor(
    source: string,
    { unicode = true, maxSteps = MAX_STEPS }: { readonly unicode?: boolean; readonly maxSteps?: number } = {},
  ) {
    this.#program = compilePattern(source, unicode, maxSteps);
    this.#unicode = unicode;
    this.work = WORK_OF_STEP * this.#program.op.length + WORK_OF_SET * this.#program.sets.length;
  }

  /** Yields the matches from left to right, as `String.matchAll` does. Throws `limit_exceeded` when the budget is used up. */
  *matchAll(text: string, budget: StepBudget): Generator<Match> {
    const search = new Search(this.#program, text, this.#unicode, budget);
    for (let from = 0; from <= text.length; ) {
      const match = search.from(from);
      if (match === undefined) return;
      yield match;
      from = match.end > match.start ? match.end : search.after(match.end);
    }
  }

  /** Returns the match at the start of a text; undefined if there is none. Throws `limit_exceeded` when the budget is used up. */
  matchStart(text: string, budget: StepBudget): Match | undefined {
    return new Search(this.#program, text, this.#unicode, budget).at(0);
  }
}

/** The search for matches in one text. */
class Search {
  readonly #program: PatternProgram;
  readonly #text: string;
  readonly #unicode: boolean;
  readonly #known: Uint8Array;
  /** The number of cells of one split: one for each position of the text. */
  readonly #cells: number;
  readonly #stack: number[] = [];
  /** The starts and ends of groups: group n has the entries 2n and 2n + 1. */
  #saved: number[] = [];
  readonly #budget: StepBudget;

  constructor(program: PatternProgram, text: string, unicode: boolean, budget: StepBudget) {
    this.#program = program;
    this.#text = text;
    this.#unicode = unicode;
    this.#budget = budget;
    this.#cells = text.length + 1;
    if (program.splits * this.#cells > MAX_MEMORY) throw budget.exceeded();
    budget.spend((program.splits * this.#cells) / CELLS_OF_STEP);
    this.#known = new Uint8Array(program.splits * this.#cells);
  }

  from(start: number): Match | undefined {
    for (let at = start; at <= this.#text.length; at = this.after(at)) {
      const match = this.at(at);
      if (match !== undefined) return match;
    }
    return undefined;
  }

  at(start: number): Match | undefined {
    this.#saved = [];
    const end = this.#run(0, start, false);
    if (end < 0) return undefined;
    const saved = this.#saved;
    return {
      start,
      end,
      groups: this.#program.groups,
      group: (index) => (index === 0 ? this.#text.slice(start, end) : this.#group(index, saved)),
    };
  }

  /** Returns the position after the character at `at`. */
  after(at: number): number {
    return at + (this.#unicode && (this.#text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1);
  }

  #group(index: number, saved = this.#saved): string | undefined {
    const [start, end] = [saved[2 * index], saved[2 * index + 1]];
    return start === undefined || end === undefined ? undefined : this.#text.slice(start, end);
  }

  /**
   * Matches the program's steps from `first` on with the text from `start` on. Returns the end of the match, or -1. A look-around
   * only needs to know whether there is a match, so within it the cells remember success, too.
   */
  #run(first: number, start: number, inLook: boolean): number {
    const { op, a, b, splitsBefore } = this.#program;
    const [known, stack, budget] = [this.#known, this.#stack, this.#budget];
    const base = stack.length;
    let [step, at] = [first, start];
    for (;;) {
      if (--budget.left < 0) throw budget.exceeded();
      const left = a[step] as number;
      let next = step + 1;
      switch (op[step]) {
        case SET:
        case REFERENCE: {
          const end = op[step] === SET ? this.#afterCharacter(left, at) : this.#afterReference(left, at);
          if (end < 0) next = -1;
          else at = end;
          break;
        }
        case SPLIT: {
          const cell = (splitsBefore[step] as number) * this.#cells + at;
          const state = known[cell];
          if (state === MATCHED) return this.#settle(base, at, MATCHED);
          // A split that is in progress at the same position belongs to a repeat whose last iteration matched the empty string, so this
          // attempt fails.
          if (state === IN_PROGRESS || (state === FAILED && !this.#program.hasReferences)) next = -1;
          else {
            known[cell] = IN_PROGRESS;
            stack.push(SETTLE, cell, TRY_AT + at, b[step] as number);
            next = left;
          }
          break;
        }
        case JUMP:
          next = left;
          break;
        case SAVE:
          stack.push(RESTORE - left, this.#saved[left] ?? -1);
          this.#saved[left] = at;
          break;
        case ASSERT:
          if (!this.#asserts(left, at)) next = -1;
          break;
        case LOOK:
        case NOT_LOOK:
          next = this.#looks(step, at) === (op[step] === LOOK) ? left : -1;
          break;
        default:
          // Success is remembered only within look-arounds, because otherwise a later match may use the same steps again.
          return this.#settle(base, at, inLook && !this.#program.hasReferences ? MATCHED : UNKNOWN);
      }
      while (next < 0) {
        if (stack.length === base) return -1;
        const value = stack.pop() as number;
        const kind = stack.pop() as number;
        if (kind >= TRY_AT) [next, at] = [value, kind - TRY_AT];
        else if (kind === SETTLE) known[value] = FAILED;
        else if (value < 0) delete this.#saved[RESTORE - kind];
        else this.#saved[RESTORE - kind] = value;
      }
      step = next;
    }
  }

  /** Ends a run with a match: removes its stack entries, and sets the cells of the splits that led to it to `state`. Returns `end`. */
  #settle(base: number, end: number, state: number): number {
    const stack = this.#stack;
    for (let i = base; i < stack.length; i += 2) if (stack[i] === SETTLE) this.#known[stack[i + 1] as number] = state;
    stack.length = base;
    return end;
  }

  /** Returns the position after the character at `at` if the set contains it, else -1. */
  #afterCharacter(set: number, at: number): number {
    const text = this.#text;
    if (at === text.length) return -1;
    const unit = text.charCodeAt(at);
    const character = this.#unicode && unit >= 0xd800 ? (text.codePointAt(at) as number) : unit;
    if (!(this.#program.sets[set] as CharacterSet)(character)) return -1;
    return at + (character > 0xffff ? 2 : 1);
  }

  /**
   * Returns the position after the group's text if that text occurs again at `at`, else -1. Each character of it costs a step of the
   * budget.
   */
  #afterReference(group: number, at: number): number {
    const held = this.#group(group) ?? '';
    this.#budget.left -= held.length;
    return this.#text.startsWith(held, at) ? at + held.length : -1;
  }

  #asserts(assertion: number, at: number): boolean {
    const isWord = (index: number): boolean => /\w/.test(this.#text.charAt(index));
    switch (ASSERTIONS[assertion]) {
      case '^':
        return at === 0;
      case '$':
        return at === this.#text.length;
      case '\\b':
        return isWord(at - 1) !== isWord(at);
      default:
        return isWord(at - 1) === isWord(at);
    }
  }

  /** Tests a look-around at `at`. Each character of a look-behind costs a step of the budget. */
  #looks(step: number, at: number): boolean {
    this.#budget.left -= this.#program.b[step] as number;
    let start = at;
    for (let i = this.#program.b[step] as number; i > 0; i--) {
      if (start === 0) return false;
      start -= this.#unicode && start > 1 && (this.#text.codePointAt(start - 2) ?? 0) > 0xffff ? 2 : 1;
    }
    return this.#run(step + 1, start, true) >= 0;
  }
}
