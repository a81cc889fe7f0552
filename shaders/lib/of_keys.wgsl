// Whether the rows of attention_backward are keys, where one shader does for keys and for queries.
fn of_keys() -> bool {
  return p.of_keys != 0u;
}
