// kto_loss: for the rated sequences i, d = logps − the reference model's, kl = max(0, mean_j d[P + j]), good = given[i,2] > 0:
//   losses[i] = weight · (1 − σ(beta · (d[i] − kl))) if good, else weight · (1 − σ(beta · (kl − d[i])))
//   weights[n] = −∂losses[i]/∂logps[i] for the rows n of the sequence i, as if kl were fixed
//   metrics[i] = good, beta · d[i] if good, logps[i] if good, the same three if not good, kl
// logps: (2P)   sequences: (2P,2), the rows of a sequence   weights: (L)   losses: (P)   metrics: (P,7)
// given: (P,5), the reference's log probabilities of i and P + i, whether i is good, 0, weight
// grid: one workgroup per rated sequence i; its threads stride over n
struct Params { P: u32, beta: f32 }
@group(0) @binding(0) var<uniform> p: Params;
@group(0) @binding(1) var<storage, read> logps: array<f32>;
@group(0) @binding(2) var<storage, read> given: array<f32>;
@group(0) @binding(3) var<storage, read> sequences: array<u32>;
@group(0) @binding(4) var<storage, read_write> weights: array<f32>;
@group(0) @binding(5) var<storage, read_write> losses: array<f32>;
@group(0) @binding(6) var<storage, read_write> metrics: array<f32>;

const THREADS = 64u;

fn distance() -> f32 {
  var sum = 0.0;
  for (var j = 0u; j < p.P; j++) {
    sum += logps[p.P + j] - given[5u * j + 1u];
  }
  let mean = sum / f32(p.P);
  // Compares instead of calling max, which may turn NaN into 0.
  return select(mean, 0.0, mean < 0.0);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let i = group.x;
  let ratio = logps[i] - given[5u * i];
  let good = given[5u * i + 2u] > 0.0;
  let weight = given[5u * i + 4u];
  let kl = distance();
  let side = select(-1.0, 1.0, good);
  // 1 − σ(x) = σ(−x)
  let x = side * p.beta * (ratio - kl);
  let loss = 1.0 / (1.0 + exp(x));
  // σ(x) · σ(−x), computed without a difference such as 1 − σ(x), which could lose digits
  let slope = weight * side * p.beta * loss / (1.0 + exp(-x));
  for (var n = sequences[2u * i] + thread; n < sequences[2u * i + 1u]; n += THREADS) {
    weights[n] = slope;
  }
  if (thread == 0u) {
    losses[i] = weight * loss;
    let at = 7u * i;
    let as_good = select(0.0, 1.0, good);
    metrics[at] = as_good;
    metrics[at + 1u] = select(0.0, p.beta * ratio, good);
    metrics[at + 2u] = select(0.0, logps[i], good);
    metrics[at + 3u] = 1.0 - as_good;
    metrics[at + 4u] = select(p.beta * ratio, 0.0, good);
    metrics[at + 5u] = select(logps[i], 0.0, good);
    metrics[at + 6u] = kl;
  }
}
