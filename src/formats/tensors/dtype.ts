/**
 * The dtypes of safetensors with their size in bits, sorted by ascending alignment as in the format's definition. Writers sort tensors in
 * the reverse order of these dtypes.
 */
const dtypeBits = Object.freeze({
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
});

export type Dtype = keyof typeof dtypeBits;

export const dtypes: readonly Dtype[] = Object.freeze(Object.keys(dtypeBits) as Dtype[]);

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(dtypeBits, name);
}

/** Returns the size of a tensor in bytes; `undefined` if its size in bits isn't a safe integer or isn't divisible by eight. */
export function byteSize(dtype: Dtype, shape: readonly number[]): number | undefined {
  let bits = 1;
  for (const size of [...shape, dtypeBits[dtype]]) {
    bits *= size;
    // If the exact product of two safe integers isn't safe, the rounded product isn't either.
    if (!Number.isSafeInteger(bits)) return undefined;
  }
  return bits % 8 === 0 ? bits / 8 : undefined;
}
