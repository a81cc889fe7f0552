// attention_backward on quads: each thread has four rows. Each of a quad's four threads reads four columns for all
// four threads, so a quad reads sixteen in each iteration.
// grid: 32 rows in x
// with lib/neighbours.wgsl, and lib/backward_in_memory.wgsl or lib/{backward_held, heads_held}.wgsl

// x·zᵀ and x_values·z_valuesᵀ of this thread's four rows by the four columns of each thread of the quad.
struct Products { s: Blocks, dP: Blocks }

@compute @workgroup_size(8)
fn main(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) thread: u32) {
  let group = id + vec3u(p.first_x, p.first_y, 0u);
  let row = (group.x * 8u + thread) * 4u;
  let batch = group.z;
  let head = group.y;
  let rows = head_rows(batch, row, head, heads());
  // A thread whose rows are beyond the last token only reads columns for its quad, and writes nothing.
  let real = row < p.T;
  let scale = p.scale;
  let column_heads_met = heads_met(head);
  // The tokens of the columns that the quad's 16 rows see or are seen by.
  let tokens = tokens_met(batch, row & ~15u, 16u);
  put_four_products(batch, head, row);
  let own_rows = rows_at(rows);
  var sums = sums_of(rows, real);
  var column_head = column_heads_met.begin;
  var column = tokens.begin;
  // A single loop for heads and their tokens, with its condition last, because SwiftShader otherwise runs a loop's body
  // once too often.
  if (tokens.begin < tokens.end) {
    loop {
      let own_column = column + (thread & 3u) * 4u;
      let columns = columns_at(head_rows(batch, own_column, column_head, column_heads()));
      let met = meeting(batch, head, column_head, row, own_column);
      let made = products(own_rows, columns);
      let own = met.columns;
      let columns1 = Four(quadSwapX(own.first), quadSwapX(own.last), quadSwapX(own.L), quadSwapX(own.product));
      let columns2 = Four(quadSwapY(own.first), quadSwapY(own.last), quadSwapY(own.L), quadSwapY(own.product));
      let columns3 = Four(
        quadSwapDiagonal(own.first),
        quadSwapDiagonal(own.last),
        quadSwapDiagonal(own.L),
        quadSwapDiagonal(own.product),
      );
      let P = Blocks(
        probabilities(made.s.b0, met.rows, own),
        probabilities(made.s.b1, met.rows, columns1),
        probabilities(made.s.b2, met.rows, columns2),
        probabilities(made.s.b3, met.rows, columns3),
      );
      let dS = Blocks(
        score_gradients(P.b0, made.s.b0, made.dP.b0, met.rows, own, scale),
        score_gradients(P.b1, made.s.b1, made.dP.b1, met.rows, columns1, scale),
        score_gradients(P.b2, made.s.b2, made.dP.b2, met.rows, columns2, scale),
        score_gradients(P.b3, made.s.b3, made.dP.b3, met.rows, columns3, scale),
      );
      sums = add_columns(sums, dS, P, columns);
      continuing {
        column += 16u;
        let next = column >= tokens.end;
        column = select(column, tokens.begin, next);
        column_head += u32(next);
        break if column_head >= column_heads_met.end;
      }
    }
  }
  put_sums(sums, batch * p.T + tokens_from(row));
}
