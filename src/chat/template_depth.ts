import type { tokenize } from '@huggingface/jinja';
import { MOST_LEVELS } from '../core/input/nesting';
import { tooMuch } from './budget';

type Token = ReturnType<typeof tokenize>[number];

const OPENING = new Set(['OpenParen', 'OpenSquareBracket', 'OpenCurlyBracket']);
const CLOSING = new Set(['CloseParen', 'CloseSquareBracket', 'CloseCurlyBracket']);
/** Statements that begin a block. A `set` statement without `=` also begins one. */
const BLOCKS = new Set(['if', 'for', 'macro', 'call', 'filter']);
/** Tokens after which a parenthesis opens the arguments of a call. */
const CALLED = new Set(['Identifier', 'CloseParen', 'CloseSquareBracket']);
/** Words that end a chain of `not not a`. After such a word, the count of `not` starts again at 0. */
const BETWEEN = new Set(['and', 'or', 'if', 'else']);
const SEPARATORS = new Set(['Comma', 'Colon', 'Equals']);

/**
 * Throws `limit_exceeded` for a template that nests too deeply, because the library's parser recurses into each level. Levels are blocks,
 * brackets, and chains such as `not not a`, `a if b else c if d else e`, `f()()` and `elif`.
 */
export function expectShallowTemplate(tokens: readonly Token[]): void {
  const depth = new TemplateDepth();
  for (const token of tokens) {
    depth.take(token);
    if (depth.levels > MOST_LEVELS) throw tooMuch(`it has more than ${MOST_LEVELS} levels of blocks and brackets`);
  }
}

/** For each type of chain, the number of levels so far, within one pair of brackets or within one statement. */
interface Frame {
  nots: number;
  signs: number;
  elses: number;
  calls: number;
}

class TemplateDepth {
  /** The number of levels of each open block: one, and one more for each `elif`. */
  readonly #blocks: number[] = [];
  #frames: Frame[] = [];
  #before = '';
  /** The first word of the current statement. `#assigns`: whether the statement contains an `=`. */
  #word = '';
  #assigns = false;

  get levels(): number {
    const within = this.#frames.reduce(
      (sum, { nots, signs, elses, calls }) => sum + 1 + nots + signs + elses + calls,
      0,
    );
    return this.#blocks.reduce((sum, levels) => sum + levels, within);
  }

  take(token: Token): void {
    const { type, value } = token;
    const frame = this.#frames.at(-1);
    if (type === 'OpenStatement' || type === 'OpenExpression') this.#begin();
    else if (type === 'CloseStatement') this.#end();
    else if (this.#before === 'OpenStatement') this.#word = value;
    else if (OPENING.has(type)) {
      if (frame !== undefined && type === 'OpenParen' && CALLED.has(this.#before)) frame.calls += 1;
      this.#frames.push(newFrame());
    } else if (CLOSING.has(type)) this.#frames.pop();
    else if (frame !== undefined) this.#within(frame, token);
    this.#before = type;
  }

  #begin(): void {
    this.#frames = [newFrame()];
    this.#word = '';
    this.#assigns = false;
  }

  #end(): void {
    this.#frames = [];
    const last = this.#blocks.length - 1;
    if (BLOCKS.has(this.#word) || (this.#word === 'set' && !this.#assigns)) this.#blocks.push(1);
    else if (this.#word === 'elif' && last >= 0) this.#blocks[last] = (this.#blocks[last] ?? 0) + 1;
    else if (this.#word.startsWith('end')) this.#blocks.pop();
  }

  #within(frame: Frame, { type, value }: Token): void {
    const isMember = type === 'Dot' || this.#before === 'Dot';
    const word = type === 'Identifier' && !isMember ? value : '';
    if (!isMember) frame.calls = 0;
    if (type === 'UnaryOperator') frame.signs += 1;
    else if (type !== 'Identifier' && !isMember) frame.signs = 0;
    if (word === 'not') frame.nots += 1;
    else if (BETWEEN.has(word)) frame.nots = 0;
    if (word === 'else') frame.elses += 1;
    if (type === 'Equals' && this.#frames.length === 1) this.#assigns = true;
    if (SEPARATORS.has(type)) Object.assign(frame, newFrame());
  }
}

function newFrame(): Frame {
  return { nots: 0, signs: 0, elses: 0, calls: 0 };
}
