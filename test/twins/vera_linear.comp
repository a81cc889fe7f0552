#version 450
// y = x * transpose(W) + bias + lambda_b * (B * (lambda_d * u)): one thread for each of the N * M results
layout(local_size_x = 64) in;

layout(std140, set = 0, binding = 0) uniform Sizes {
  uint N; uint M; uint K; uint R;
  uint lambda_b; uint lambda_d; // their places in the pool
  uint halves;                  // 1: two weights in a word, the first in its low bits
  uint biased;
};
layout(std430, set = 0, binding = 1) readonly buffer X { float x[]; };
layout(std430, set = 0, binding = 2) readonly buffer U { float u[]; };
layout(std430, set = 0, binding = 3) readonly buffer Weight { uint weight[]; };
layout(std430, set = 0, binding = 4) readonly buffer Bias { float bias[]; };
layout(std430, set = 0, binding = 5) readonly buffer Basis { float B[]; };
layout(std430, set = 0, binding = 6) readonly buffer Pool { float pool[]; };
layout(std430, set = 0, binding = 7) buffer Y { float y[]; };

float W(uint m, uint k) {
  uint at = m * K + k;
  if (halves == 0) return uintBitsToFloat(weight[at]);
  vec2 pair = unpackHalf2x16(weight[at >> 1]);
  return (at & 1) == 0 ? pair.x : pair.y;
}

void main() {
  uint n = gl_GlobalInvocationID.x / M;
  uint m = gl_GlobalInvocationID.x % M;
  if (n >= N) return;

  float base = 0.0;
  for (uint k = 0; k < K; k++) base += x[n * K + k] * W(m, k);

  float adapter = 0.0;
  for (uint j = 0; j < R; j++) adapter += B[m * R + j] * (pool[lambda_d + j] * u[n * R + j]);

  y[n * M + m] = base + (biased == 0 ? 0.0 : bias[m]) + pool[lambda_b + m] * adapter;
}
