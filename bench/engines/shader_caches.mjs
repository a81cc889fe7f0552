/**
 * Disables the shader caches of Mesa's and NVIDIA's drivers in this process, so that each kernel is compiled anew. Mesa's key of a cached
 * kernel leaves out the options that it was compiled with: without optimisations (`GALLIVM_PERF=nopt`) it is several times as slow, in
 * every later process. Call it before the first GPU adapter is opened.
 */
export function disableShaderCaches() {
  process.env.MESA_SHADER_CACHE_DISABLE = 'true';
  process.env.__GL_SHADER_DISK_CACHE = '0';
}
