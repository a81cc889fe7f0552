// Whether the rows of attention_backward are keys, where a shader is for keys alone or for queries alone: software adapters
// run both sides of a branch.
override OF_KEYS: bool;

fn of_keys() -> bool {
  return OF_KEYS;
}
