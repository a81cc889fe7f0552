// Doubles some numbers on the GPU in a module worker, as the library's worker is.
const WGSL = `
@group(0) @binding(0) var<storage, read_write> numbers: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&numbers)) { numbers[id.x] *= 2.0; }
}`;

/** @param {Float32Array<ArrayBuffer>} numbers */
async function double(numbers) {
  const adapter = await navigator.gpu.requestAdapter();
  if (adapter === null) throw new Error('no adapter');
  const device = await adapter.requestDevice();
  const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
  const size = numbers.byteLength;
  const work = device.createBuffer({ size, usage: STORAGE | COPY_SRC | COPY_DST });
  const back = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  device.queue.writeBuffer(work, 0, numbers);
  const module = device.createShaderModule({ code: WGSL });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  const layout = pipeline.getBindGroupLayout(0);
  const group = device.createBindGroup({ layout, entries: [{ binding: 0, resource: { buffer: work } }] });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(numbers.length / 64));
  pass.end();
  encoder.copyBufferToBuffer(work, 0, back, 0, size);
  device.queue.submit([encoder.finish()]);
  await back.mapAsync(GPUMapMode.READ);
  return [...new Float32Array(back.getMappedRange())];
}

double(Float32Array.of(1, 2.5, -3)).then(
  (doubled) => postMessage({ doubled, locks: 'locks' in navigator, indexedDB: 'indexedDB' in globalThis }),
  (error) => postMessage({ error: String(error) }),
);
