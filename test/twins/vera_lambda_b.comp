#version 450
// The gradient of lambda_b, token by token: grads[m] += sum over n of g[n, m] * (B * (lambda_d * u[n]))[m].
// One thread for each of the M results
layout(local_size_x = 64) in;

layout(std140, set = 0, binding = 0) uniform Sizes { uint N; uint M; uint R; uint lambda_b; uint lambda_d; };
layout(std430, set = 0, binding = 1) readonly buffer Gradient { float g[]; };
layout(std430, set = 0, binding = 2) readonly buffer U { float u[]; };
layout(std430, set = 0, binding = 3) readonly buffer Basis { float B[]; };
layout(std430, set = 0, binding = 4) readonly buffer Pool { float pool[]; };
layout(std430, set = 0, binding = 5) buffer Grads { float grads[]; };

void main() {
  uint m = gl_GlobalInvocationID.x;
  if (m >= M) return;

  float sum = 0.0;
  for (uint n = 0; n < N; n++) {
    float unscaled = 0.0;
    for (uint j = 0; j < R; j++) unscaled += B[m * R + j] * (pool[lambda_d + j] * u[n * R + j]);
    sum += g[n * M + m] * unscaled;
  }
  grads[lambda_b + m] += sum;
}
