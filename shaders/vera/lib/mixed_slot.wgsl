// slot_of returns the offsets in the table of λ_b (x) and λ_d (y) of token n's adapter for this module; NONE if the adapter has none.
const NONE = 0xffffffffu;

fn slot_of(n: u32) -> vec2u {
  let adapter = which[n / p.T];
  if (adapter >= p.adapters) {
    return vec2u(NONE);
  }
  return slots[p.module_index * p.adapters + adapter];
}
