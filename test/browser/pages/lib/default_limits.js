// Makes every device that is requested after this have WebGPU's default limits.
const { requestDevice } = GPUAdapter.prototype;
/** @this {GPUAdapter} @param {GPUDeviceDescriptor} [descriptor] */
GPUAdapter.prototype.requestDevice = function (descriptor) {
  const { requiredLimits, ...others } = descriptor ?? {};
  return requestDevice.call(this, others);
};
