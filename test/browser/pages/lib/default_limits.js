// From now on a device has no more than every device has.
const { requestDevice } = GPUAdapter.prototype;
/** @this {GPUAdapter} @param {GPUDeviceDescriptor} [descriptor] */
GPUAdapter.prototype.requestDevice = function (descriptor) {
  const { requiredLimits, ...others } = descriptor ?? {};
  return requestDevice.call(this, others);
};
