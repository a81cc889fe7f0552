#version 450
// du = before + lambda_d * ((lambda_b * g) * B): one thread for each of the N * R results
layout(local_size_x = 64) in;

layout(std140, set = 0, binding = 0) uniform Sizes { uint N; uint M; uint R; uint lambda_b; uint lambda_d; };
layout(std430, set = 0, binding = 1) readonly buffer Gradient { float g[]; };
layout(std430, set = 0, binding = 2) readonly buffer Basis { float B[]; };
layout(std430, set = 0, binding = 3) readonly buffer Pool { float pool[]; };
layout(std430, set = 0, binding = 4) readonly buffer Before { float before[]; };
layout(std430, set = 0, binding = 5) buffer Du { float du[]; };

void main() {
  uint n = gl_GlobalInvocationID.x / R;
  uint j = gl_GlobalInvocationID.x % R;
  if (n >= N) return;

  float dv = 0.0;
  for (uint m = 0; m < M; m++) dv += (g[n * M + m] * pool[lambda_b + m]) * B[m * R + j];
  du[n * R + j] = before[n * R + j] + pool[lambda_d + j] * dv;
}
