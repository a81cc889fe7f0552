import { WebVeraError } from '../../core/errors/error';

/**
 * A strict reader of the JSON in safetensors headers. `JSON.parse` accepts duplicate keys silently, rounds large integers, and reads
 * `2.0` as 2. This reader throws `invalid_format` for every fault.
 */
export class HeaderScanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Reads `{ key: …, … }`, calling `field` at each value. Rejects duplicate keys. */
  object(field: (key: string) => void): void {
    this.#expect('{');
    if (this.#take('}')) return;
    const seen = new Set<string>();
    do {
      const key = this.string();
      if (seen.has(key)) throw this.fault('a new key', `${quote(key)} a second time`);
      seen.add(key);
      this.#expect(':');
      field(key);
    } while (this.#take(','));
    this.#expect('}');
  }

  /** Reads `[ integer, … ]` of at most `maxLength` integers. */
  integers(maxLength: number): number[] {
    const numbers: number[] = [];
    this.#expect('[');
    if (this.#take(']')) return numbers;
    do {
      if (numbers.length === maxLength) throw this.fault(`at most ${maxLength} integers`, 'more');
      numbers.push(this.#integer());
    } while (this.#take(','));
    this.#expect(']');
    return numbers;
  }

  string(): string {
    this.#skipSpace();
    const start = this.#position;
    this.#expect('"');
    let escaped = false;
    for (;;) {
      const code = this.#text.charCodeAt(this.#position);
      if (code === 0x22) break;
      // At the end of the text the code is NaN, which isn't above 0x1f either.
      if (!(code > 0x1f)) throw this.fault('the rest of a string');
      if (code === 0x5c) {
        escaped = true;
        this.#position++;
      }
      this.#position++;
    }
    const end = this.#position++;
    return escaped ? this.#unescape(start, end + 1) : this.#text.slice(start + 1, end);
  }

  /** Reads the literal `null` if it comes next. */
  takeNull(): boolean {
    this.#skipSpace();
    if (!this.#text.startsWith('null', this.#position)) return false;
    this.#position += 4;
    return true;
  }

  /** Throws unless only white space follows. */
  end(): void {
    this.#skipSpace();
    if (this.#position < this.#text.length) throw this.fault('the end of the header');
  }

  fault(expected: string, got = this.#next()): WebVeraError {
    const position = this.#position;
    return new WebVeraError('invalid_format', `safetensors header at ${position}: expected ${expected}, got ${got}`, {
      hint: 'The file is damaged or is no safetensors file; download or export it again.',
      detail: { position },
    });
  }

  #unescape(start: number, end: number): string {
    let value: unknown;
    try {
      value = JSON.parse(this.#text.slice(start, end));
    } catch {
      throw this.fault('valid escapes in a string');
    }
    // An escape can be half of a surrogate pair, which UTF-8 can't encode.
    if (typeof value !== 'string' || /\p{Surrogate}/u.test(value)) throw this.fault('a string of whole characters');
    return value;
  }

  #integer(): number {
    this.#skipSpace();
    const digits = /(?:0|[1-9][0-9]{0,15})(?![0-9.eE])/y;
    digits.lastIndex = this.#position;
    const match = digits.exec(this.#text)?.[0];
    const value = Number(match);
    if (match === undefined || !Number.isSafeInteger(value)) throw this.fault('an integer from 0 to 2^53 - 1');
    this.#position += match.length;
    return value;
  }

  #expect(character: string): void {
    if (!this.#take(character)) throw this.fault(`"${character}"`);
  }

  #take(character: string): boolean {
    this.#skipSpace();
    if (this.#text[this.#position] !== character) return false;
    this.#position++;
    return true;
  }

  #skipSpace(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#position);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#position++;
    }
  }

  #next(): string {
    const next = this.#text.slice(this.#position, this.#position + 16);
    return next === '' ? 'the end' : JSON.stringify(next);
  }
}

/** Quotes and shortens untrusted text for an error message. */
export function quote(text: string): string {
  return JSON.stringify(text.length <= 80 ? text : `${text.slice(0, 80)}…`);
}
