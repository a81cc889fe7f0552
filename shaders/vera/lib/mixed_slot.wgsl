// slot_of returns where in the table λ_b (as x) and λ_d (as y) begin, for token n's adapter and this module; NONE if the adapter has none.
const NONE = 0xffffffffu;

fn slot_of(n: u32) -> vec2u {
  let adapter = which[n / p.T];
  if (adapter >= p.adapters) {
    return vec2u(NONE);
  }
  return slots[p.module_index * p.adapters + adapter];
}
