// Where the table holds λ_b (x) and λ_d (y) of the adapter that row n goes through in this module; NONE for none.
const NONE = 0xffffffffu;

fn slot_of(n: u32) -> vec2u {
  let adapter = which[n / p.T];
  if (adapter >= p.adapters) {
    return vec2u(NONE);
  }
  return slots[p.module_index * p.adapters + adapter];
}
