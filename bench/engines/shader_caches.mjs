/**
 * Disables the shader caches of Mesa's and NVIDIA's drivers in this process, so that each kernel is compiled anew. Mesa's key of a kernel
 * of llvmpipe leaves out the width of its vectors: a process with `LP_NATIVE_VECTOR_WIDTH=128`, as the tests have, stores kernels that
 * run at a third of the speed in every later process. Call it before the first GPU adapter is opened.
 */
export function disableShaderCaches() {
  process.env.MESA_SHADER_CACHE_DISABLE = 'true';
  process.env.__GL_SHADER_DISK_CACHE = '0';
}
