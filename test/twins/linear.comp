#version 450
// y = x * transpose(weight[:, :K]): one thread for each of the N * M results
layout(local_size_x = 64) in;

layout(std140, set = 0, binding = 0) uniform Sizes { uint N; uint M; uint K; uint stride; };
layout(std430, set = 0, binding = 1) readonly buffer X { float x[]; };
layout(std430, set = 0, binding = 2) readonly buffer Weight { float weight[]; };
layout(std430, set = 0, binding = 3) buffer Y { float y[]; };

void main() {
  uint n = gl_GlobalInvocationID.x / M;
  uint m = gl_GlobalInvocationID.x % M;
  if (n >= N) return;

  float sum = 0.0;
  for (uint k = 0; k < K; k++) sum += x[n * K + k] * weight[m * stride + k];
  y[n * M + m] = sum;
}
