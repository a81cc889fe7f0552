import { WebVeraError } from '../errors/error';

const N = 624;
const M = 397;

/**
 * The 32-bit Mersenne Twister, with the outputs of `torch.Generator('cpu').manual_seed(seed)`. Like torch, it uses only the seed's low 32
 * bits, in two's complement: -1 and 4294967295 give the same numbers.
 */
export class Mt19937 {
  readonly #state = new Uint32Array(N);
  #next = N;

  /** Throws `invalid_argument` for a seed that is a number but not a safe integer. */
  constructor(seed: number | bigint) {
    const state = this.#state;
    let word = lowWord(seed);
    state[0] = word;
    for (let i = 1; i < N; i++) {
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i) >>> 0;
      state[i] = word;
    }
  }

  /** Fills `out` with the generator's next outputs, of 32 random bits each. */
  fill(out: Uint32Array): void {
    const state = this.#state;
    let next = this.#next;
    for (let i = 0; i < out.length; i++) {
      if (next === N) {
        twist(state);
        next = 0;
      }
      let y = state[next++] as number;
      y ^= y >>> 11;
      y ^= (y << 7) & 0x9d2c5680;
      y ^= (y << 15) & 0xefc60000;
      out[i] = y ^ (y >>> 18);
    }
    this.#next = next;
  }
}

function twist(state: Uint32Array): void {
  for (let i = 0; i < N; i++) {
    const after = state[i + 1 < N ? i + 1 : 0] as number;
    const y = ((state[i] as number) & 0x80000000) | (after & 0x7fffffff);
    const far = state[i + M < N ? i + M : i + M - N] as number;
    state[i] = far ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
  }
}

function lowWord(seed: number | bigint): number {
  if (typeof seed === 'number' && !Number.isSafeInteger(seed)) {
    throw new WebVeraError('invalid_argument', `seed: expected a safe integer, got ${seed}`, {
      hint: 'Only the low 32 bits of a seed are used: use an integer from 0 to 4294967295.',
    });
  }
  return Number(BigInt.asUintN(32, BigInt(seed)));
}
