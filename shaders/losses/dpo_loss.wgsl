// dpo_loss: for the pairs i of sequences, the chosen one c = i and the rejected one r = P + i:
//   d = logps − the reference model's, x = beta · (d[c] − d[r])
//   losses[i] = weight · ((1 − smoothing) · ln(1 + e^−x) − smoothing · ln(1 + e^x)) / (1 − 2 · smoothing)   kind 0, sigmoid
//             = weight · max(0, 1 − x)                                                                      kind 1, hinge
//             = weight · (d[c] / tokens[c] − d[r] / tokens[r] − 1 / (2 · beta))²                            kind 2, ipo
//   weights[n] = −∂losses[i]/∂logps[b] for the rows n of the sequences b = c, r
//   metrics[i] = beta · d[c], beta · d[r], whether the first is larger, logps[c], logps[r]
// logps: (2P)   sequences: (2P,2), the rows of a sequence   weights: (L)   losses: (P)   metrics: (P,5)
// given: (P,5), the reference's log probabilities of c and r, tokens of c and r, weight
// grid: one workgroup per pair i; its threads stride over n
struct Params { P: u32, kind: u32, beta: f32, smoothing: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logps: array<f32>;
@group(0) @binding(2) var<storage, read> given: array<f32>;
@group(0) @binding(3) var<storage, read> sequences: array<u32>;
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;
@group(0) @binding(6) var<storage, read_write> metrics: array<f32>;

const THREADS = 64u;
const HINGE = 1u;
const IPO = 2u;

// A loss, and its derivatives with respect to the log ratios of the chosen and the rejected sequence.
struct Loss { value: f32, chosen: f32, rejected: f32 }

// ln(1 + e^x)
fn softplus(x: f32) -> f32 {
  return max(x, 0.0) + log(1.0 + exp(-abs(x)));
}

fn sigmoid(x: f32) -> f32 {
  return 1.0 / (1.0 + exp(-x));
}

fn loss_of(chosen: f32, rejected: f32, tokens: vec2f) -> Loss {
  if (p.kind == IPO) {
    let error = chosen / tokens.x - rejected / tokens.y - 0.5 / p.beta;
    return Loss(error * error, 2.0 * error / tokens.x, -2.0 * error / tokens.y);
  }
  let x = p.beta * (chosen - rejected);
  if (p.kind == HINGE) {
    // Compares instead of calling max, which may turn NaN into 0.
    let reaches = x >= 1.0;
    let slope = select(-p.beta, 0.0, reaches);
    return Loss(select(1.0 - x, 0.0, reaches), slope, -slope);
  }
  let whole = 1.0 - 2.0 * p.smoothing;
  let value = ((1.0 - p.smoothing) * softplus(-x) - p.smoothing * softplus(x)) / whole;
  let slope = -p.beta * ((1.0 - p.smoothing) * sigmoid(-x) + p.smoothing * sigmoid(x)) / whole;
  return Loss(value, slope, -slope);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = group.x;
  let r = p.P + i;
  let at = 5u * i;
  let chosen = logps[i] - given[at];
  let rejected = logps[r] - given[at + 1u];
  let weight = given[at + 4u];
  let loss = loss_of(chosen, rejected, max(vec2f(given[at + 2u], given[at + 3u]), vec2f(1.0)));
  for (var n = sequences[2u * i] + thread; n < sequences[2u * i + 1u]; n += THREADS) {
    weights[n] = -weight * loss.chosen;
  }
  for (var n = sequences[2u * r] + thread; n < sequences[2u * r + 1u]; n += THREADS) {
    weights[n] = -weight * loss.rejected;
  }
  if (thread == 0u) {
    losses[i] = weight * loss.value;
    metrics[at] = p.beta * chosen;
    metrics[at + 1u] = p.beta * rejected;
    metrics[at + 2u] = select(0.0, 1.0, chosen > rejected);
    metrics[at + 3u] = logps[i];
    metrics[at + 4u] = logps[r];
  }
}
