#version 450
// The gradient of lambda_d, token by token: grads[j] += sum over n of u[n, j] * ((lambda_b * g[n]) * B)[j].
// One thread for each of the R results
layout(local_size_x = 64) in;

layout(std140, set = 0, binding = 0) uniform Sizes { uint N; uint M; uint R; uint lambda_b; uint lambda_d; };
layout(std430, set = 0, binding = 1) readonly buffer Gradient { float g[]; };
layout(std430, set = 0, binding = 2) readonly buffer U { float u[]; };
layout(std430, set = 0, binding = 3) readonly buffer Basis { float B[]; };
layout(std430, set = 0, binding = 4) readonly buffer Pool { float pool[]; };
layout(std430, set = 0, binding = 5) buffer Grads { float grads[]; };

void main() {
  uint j = gl_GlobalInvocationID.x;
  if (j >= R) return;

  float sum = 0.0;
  for (uint n = 0; n < N; n++) {
    float dv = 0.0;
    for (uint m = 0; m < M; m++) dv += (g[n * M + m] * pool[lambda_b + m]) * B[m * R + j];
    sum += u[n * R + j] * dv;
  }
  grads[lambda_d + j] += sum;
}
